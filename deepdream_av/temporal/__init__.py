"""Along time: how pictures move, what they uncover, and where a shot ends."""
