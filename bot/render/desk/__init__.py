"""The desk about itself: status and help, and its reports on what fails and works again."""
