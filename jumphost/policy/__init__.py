"""From a submission to a decision: bundle, worker processes, strict results."""
