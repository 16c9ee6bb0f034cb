"""How is what happened said in the log? `wording` says each event in a sentence; `lines` writes them as text or JSON."""
