"""The truth about borrowers and their calls. The only service that holds the password of Postgres."""
