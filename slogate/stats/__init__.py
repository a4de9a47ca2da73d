"""Pure statistics of the verdict: intervals, quantiles and run lengths, on plain numbers."""
