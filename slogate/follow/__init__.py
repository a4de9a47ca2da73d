"""Takes in what is appended to a log, through rotation, each line once."""
