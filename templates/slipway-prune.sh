#!/bin/sh
# Takes out of the server's environment what no session uses: source maps, and Babel's data for languages into which
# JupyterLab is not translated.
find "$1" -name '*.map' -delete
find "$1" -path '*/babel/locale-data/*.dat' -regextype posix-extended \
  ! -regex '.*/(root|en|ar|ca|cs|da|de|el|es|et|fi|fr|he|hu|hy|id|it|ja|ko|lt|nb|nl|no|pl|pt|ro|ru|si|sv|tr|uk|vi|zh)(_[A-Za-z]+)*\.dat' -delete
