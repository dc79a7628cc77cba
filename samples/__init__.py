"""A sample prompt log of DIAL Core and what it is made from; nothing here is imported by the service."""
