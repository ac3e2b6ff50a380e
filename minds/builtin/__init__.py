"""The minds that ship with Workshop; they enter by the same door as anyone's (entry point group `workshop.minds`)."""
