"""Behind the semantics page: whom it shows, the scatters, and a section for every use."""
