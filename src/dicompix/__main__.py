"""Run the command line by ``python -m dicompix``."""

from dicompix.cli import main

if __name__ == "__main__":
    main()
