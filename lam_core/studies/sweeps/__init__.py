"""The sweep machine: jobs over models, pictures and windows, resumable, here or on a cluster; a table at the end."""
