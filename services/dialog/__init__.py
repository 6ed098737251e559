"""The dialog service: what the borrower meant, and what is said next."""
