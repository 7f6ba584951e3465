#!/bin/sh
# Takes out of the server's environment what no session uses: source maps, the hub's own pages, the tools that test
# JupyterLab in a browser, test suites, and Babel's data for languages into which JupyterLab is not translated.
packages=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
find "$1" -name '*.map' -delete
rm -rf "$1/share/jupyterhub/static/components" "$packages/jupyterlab/galata" "$packages/jupyterlab/tests" \
  "$packages/jupyterhub/tests" "$packages/tornado/test"
# JupyterLab's package brings what is also in share/jupyter/lab, byte for byte: one copy under both names is enough.
for part in static schemas; do
  if diff -rq "$packages/jupyterlab/$part" "$1/share/jupyter/lab/$part" > /dev/null; then
    rm -rf "$packages/jupyterlab/$part"
    cp -al "$1/share/jupyter/lab/$part" "$packages/jupyterlab/$part"
  fi
done
find "$1" -path '*/babel/locale-data/*.dat' -regextype posix-extended \
  ! -regex '.*/(root|en|ar|ca|cs|da|de|el|es|et|fi|fr|he|hu|hy|id|it|ja|ko|lt|nb|nl|no|pl|pt|ro|ru|si|sv|tr|uk|vi|zh)(_[A-Za-z]+)*\.dat' -delete
