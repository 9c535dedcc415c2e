# pg_epiphany: the one door. `make help` lists what it opens.
