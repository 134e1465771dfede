"""The landscape page: DI against performance, receptive field and size."""
