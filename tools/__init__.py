"""Programs beside the project: what makes shipped files, and trials that are no tests."""
