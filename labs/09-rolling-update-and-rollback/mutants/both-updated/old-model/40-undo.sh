# The version that was to be taken back stays.
:
