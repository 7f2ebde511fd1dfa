"""Files to arrays and back: pictures, sound, film, the recipe inside a file, and how files are written.

Every module here stands alone; nothing is imported until it is asked for.
"""
