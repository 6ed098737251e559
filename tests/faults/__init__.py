# A package, so that pytest ends what has the scope of the package with its last test, and not with the session.
