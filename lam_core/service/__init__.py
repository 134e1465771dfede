"""Requests answered from a store or computed in turn on one device: service, store, locks, queue."""
