"""One file a command: parse arguments, call a door, print, exit."""
