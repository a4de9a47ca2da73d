"""What production promised over a window, what to count for it, and how that is judged; pure."""
