"""Plan patrols: who is where, when and on which way; arrays and dataclasses in and out."""
