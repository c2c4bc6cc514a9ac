#!/bin/sh
# hostname of a lab master.
echo '@NAME@'
