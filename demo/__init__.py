"""The web app: `python demo/app.py`, `deepdream-av demo` or `make demo`.

`app.py` puts the page together. Each tab is one file with one function `build(app)`; `limits.py` says what a visitor
may ask for, `service.py` runs dreams for many visitors at once, `recipes.py` takes settings out of files and gives them
back, `theme.py` is how it looks.
"""
