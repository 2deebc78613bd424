"""Where allowed commands run."""
