# `source activate [NAME]`, as conda of old had it.
. /srv/conda/etc/profile.d/conda.sh
conda activate "$@"
