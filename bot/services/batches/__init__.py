"""One change to many anomalies: `freeze` keeps, previews and confirms it, `run` carries it out and goes on after a restart."""
