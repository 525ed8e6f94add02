"""Use cases: they order the steps of one visible outcome and talk to ports only."""
