# Debian's /etc/profile resets PATH. A login shell (every terminal of JupyterLab is one) keeps the PATH that it was
# started with; where that was not the image's, as after `su -`, it gets the image's.
PATH=$(tr '\0' '\n' < "/proc/$$/environ" 2> /dev/null | sed -n 's/^PATH=//p')
case ":$PATH:" in
  *:/srv/jupyter/bin:*) ;;
  *) PATH=/home/jovyan/.local/bin:/srv/env/bin:/srv/jupyter/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ;;
esac
export PATH
