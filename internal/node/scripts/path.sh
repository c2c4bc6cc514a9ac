# shellcheck shell=sh
# Adds the places where programs of container runtimes are put besides the system's own. sudo often leaves a short PATH.
# Exit code: none of its own: what comes after it decides.
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/bin
