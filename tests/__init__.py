# A package, so that the packages below have their full names, such as `tests.wire`.
