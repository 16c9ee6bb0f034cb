"""Multi-factor authentication: figures kept about tokens and events, per node."""
