#!/bin/sh
# hostname of a lab node.
echo '@NAME@'
