"""Other people's mock servers, which give the sandbox's own responses back: installed, set up, started."""
