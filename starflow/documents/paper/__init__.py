"""Documents on paper: what they say as values, and the two writers (docx, PDF) that lay those values out as offices expect."""
