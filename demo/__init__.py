"""Real submissions, good and bad, and the script that has them graded for a first look."""
