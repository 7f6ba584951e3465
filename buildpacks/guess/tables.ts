/**
 * Which package provides which import: the only names that are ever installed as a guess. `package:import,import`, and
 * the package alone where it is imported as its own name with `_` for `-`. Never add one just because its name equals an
 * import: whoever registers what people import by mistake waits for that. Each was looked at; so should be yours.
 */
export const TABLE = `
# Numbers, tables
numpy scipy pandas polars pyarrow fastparquet dask distributed xarray h5netcdf h5py h5pyd tables zarr numcodecs
cftime bottleneck numexpr numba llvmlite sympy mpmath statsmodels patsy formulaic linearmodels pingouin arch
pmdarima prophet tsfresh sktime tslearn stumpy ruptures lifelines pymc pymc3 arviz emcee corner dynesty george
celerite nestle ultranest cvxpy cvxopt pulp ortools pyomo casadi nlopt lmfit iminuit uncertainties pint
quantities gmpy2 autograd control slycot simpy networkx leidenalg pyvis graphviz pydot pygraphviz pydotplus
missingno pandas-profiling ydata-profiling sweetviz modin vaex duckdb pandasql pandera great-expectations
openpyxl xlrd xlwt xlsxwriter tabulate prettytable tqdm joblib cloudpickle dill toolz cytoolz more-itertools
sortedcontainers intervaltree deepdiff deprecated cattrs pydantic marshmallow
netcdf4:netCDF4  cython:Cython,cython  scikit-survival:sksurv  zeus-mcmc:zeus  python-igraph:igraph
python-louvain:community  pyjanitor:janitor  ibis-framework:ibis  odfpy:odf  attrs:attr,attrs
# Plots
seaborn plotly plotly-express bokeh holoviews hvplot panel param datashader colorcet geoviews altair
vega-datasets vegafusion pygal plotnine ggplot bqplot pythreejs ipyvolume ipympl mplcursors mpld3 mplfinance
matplotlib-venn squarify wordcloud pywaffle upsetplot cmocean cmcrameri cmasher palettable colorlover
colour-science brewer2mpl chart-studio cufflinks dash dash-bootstrap-components jupyter-dash streamlit gradio
k3d pyvista trimesh meshio vedo mayavi napari ipycytoscape ipysheet ipytree ipyevents ipycanvas ipyvuetify
ipyvue ipydatagrid ipyfilechooser ipyparallel qgrid itables pygwalker yellowbrick shap lime eli5
matplotlib:matplotlib,mpl_toolkits,pylab  adjusttext:adjustText  python-ternary:ternary  vtk:vtk,vtkmodules
scikit-plot:scikitplot
# Machine learning
sklearn-pandas category-encoders feature-engine xgboost lightgbm catboost mlxtend optuna hyperopt ray hdbscan
pynndescent opentsne kmodes kneed pyod fastai transformers datasets tokenizers huggingface-hub
sentence-transformers accelerate evaluate diffusers peft safetensors einops timm pytorch-lightning lightning
torchmetrics torchinfo torchsummary skorch keras tensorboard tensorflow-datasets tensorflow-probability jax flax
optax numpyro gpytorch botorch gpflow chainer mxnet theano gym gymnasium stable-baselines3 pettingzoo onnx
onnxruntime mlflow wandb comet-ml neptune dvc sacred deap pyswarms pygad hmmlearn pgmpy implicit lightfm tpot
pycaret captum alibi fairlearn aif360 snorkel pymer4 pygam factor-analyzer prince econml dowhy causalml
scikit-learn:sklearn  scikit-image:skimage  scikit-optimize:skopt  scikit-learn-extra:sklearn_extra
imbalanced-learn:imblearn  umap-learn:umap  tensorboardx:tensorboardX  dm-haiku:haiku  pyro-ppl:pyro  gpy:GPy
minisom:MiniSom,minisom  scikit-surprise:surprise  auto-sklearn:autosklearn  scikit-multilearn:skmultilearn
# Images, sound, video
imageio imageio-ffmpeg tifffile imagecodecs itk mahotas nibabel nilearn dipy mne pydicom nipype cellpose
stardist csbdeep albumentations imgaug imutils face-recognition dlib mediapipe easyocr pytesseract pyzbar qrcode
moviepy av librosa soundfile sounddevice audioread pydub pretty-midi music21 mido mir-eval madmom resampy
noisereduce pyaudio webcolors colormath
pillow:PIL  opencv-python-headless:cv2  simpleitk:SimpleITK  ffmpeg-python:ffmpeg
# Text
nltk spacy gensim textblob textstat wikipedia textacy flair stanza jieba langdetect langid unidecode ftfy
fuzzywuzzy thefuzz rapidfuzz jellyfish emoji contractions num2words inflect sacremoses sentencepiece sacrebleu
rouge-score keybert bertopic top2vec regex chardet charset-normalizer markdown markdown2 mistune docutils pypdf
pdfplumber reportlab fpdf rdflib owlready2 pyshacl bibtexparser pyparsing lark ply parsimonious openai anthropic
tiktoken langchain langchain-community langchain-core langchain-openai llama-index chromadb annoy cohere
vadersentiment:vaderSentiment  wikipedia-api:wikipediaapi  pyldavis:pyLDAvis  levenshtein:Levenshtein
python-docx:docx  python-pptx:pptx  pypdf2:PyPDF2  pdfminer-six:pdfminer  pymupdf:fitz,pymupdf  tabula-py:tabula
camelot-py:camelot  sparqlwrapper:SPARQLWrapper  faiss-cpu:faiss
# Maps, earth, climate
geopandas shapely fiona rasterio rioxarray rasterstats pyproj cartopy folium ipyleaflet leafmap geemap
contextily geopy geocoder geojson geojsonio geoplot geoalchemy2 osmnx pandana momepy esda libpysal pysal
mapclassify splot spreg spaghetti pointpats movingpandas h3 keplergl pydeck rtree pykml fastkml simplekml gpxpy
descartes pystac pystac-client planetary-computer stackstac sentinelhub eemont xesmf xgcm xrft metpy siphon
cdsapi cfgrib eccodes pygrib salem climlab climpred intake intake-esm intake-xarray intake-stac fsspec s3fs
gcsfs adlfs kerchunk erddapy argopy gsw seawater utide obspy segyio lasio pygmt verde harmonica pooch ensaio
gempy discretize pyvisgraph landlab flopy pyemu dataretrieval xskillscore windrose meteostat ephem skyfield
suncalc pvlib timezonefinder pycountry censusdata cenpy haversine polyline mercantile morecantile rio-tiler
rio-cogeo xyzservices localtileserver earthaccess icepyx pyresample satpy
basemap:mpl_toolkits.basemap  earthengine-api:ee  scikit-mobility:skmob  pyshp:shapefile  odc-stac:odc.stac
wrf-python:wrf  simpeg:SimPEG,simpeg  titiler-core:titiler.core  harmony-py:harmony
# Stars, particles
astropy astroquery photutils specutils reproject regions ccdproc astroplan aplpy pyvo healpy astropy-healpix
sunpy drms lightkurve radvel exoplanet galpy yt gwpy pycbc bilby gammapy poliastro rebound spiceypy jplephem
sgp4 fitsio pyregion spectral-cube hyperspy uproot awkward vector hist boost-histogram mplhep coffea pyhf
particle zfit root-pandas plasmapy
astroml:astroML  batman-package:batman  lalsuite:lal
# Life, matter
pysam pybedtools pyfaidx cyvcf2 pyranges anndata scanpy scvelo squidpy muon gseapy goatools bioservices mygene
biotite prody mdtraj nglview openmm parmed pyteomics pymzml rdkit pubchempy chembl-webresource-client mordred
selfies deepchem ase pymatgen matminer mp-api spglib phonopy dscribe atomate fireworks custodian pyscf cclib
cobra escher tellurium pysb ete3 dendropy toytree toyplot msprime tskit pyslim brian2 nest-asyncio neo elephant
pynwb hdmf dandi allensdk pynapple suite2p neurokit2 pyedflib wfdb biosppy heartpy
biopython:Bio  scikit-bio:skbio  pyvcf:vcf  scvi-tools:scvi  mdanalysis:MDAnalysis  py3dmol:py3Dmol
libroadrunner:roadrunner  python-libsbml:libsbml  scikit-allel:allel  pybids:bids  pyradiomics:radiomics
# Physics, signals, engineering
qutip qiskit qiskit-aer cirq pennylane strawberryfields projectq pyquil openfermion sfepy fipy pyamg padasip
filterpy pykalman nitime thermo fluids chemicals cantera tespy pypsa pandapower openmdao pysindy gplearn devito
pyfftw finufft nfft pyproximal pylops
tequila-basic:tequila  fenics-ufl:ufl  pywavelets:pywt  coolprop:CoolProp  oemof-solph:oemof.solph
scikit-rf:skrf  scikit-fem:skfem  pydmd:PyDMD,pydmd
# Web, data
requests httpx aiohttp requests-html requests-cache requests-oauthlib requests-futures lxml html5lib cssselect
scrapy selenium playwright mechanize feedparser trafilatura tweepy praw pytrends pandas-datareader yfinance
quandl alpha-vantage fredapi wbdata wbgapi sodapy kaggle ckanapi pyzenodo3 pydataset ta backtrader pyfolio
empyrical ccxt flask flask-cors django fastapi uvicorn starlette jinja2 werkzeug tornado websockets sqlalchemy
sqlmodel psycopg pymysql pyodbc redis elasticsearch neo4j py2neo influxdb influxdb-client sqlite-utils dataset
boto3 botocore google-auth-oauthlib oauth2client gspread gspread-dataframe pydrive pydrive2 paramiko dropbox
owslib zeep pyvisa nidaqmx
beautifulsoup4:bs4  newspaper3k:newspaper  ta-lib:talib  zipline-reloaded:zipline  quantlib:QuantLib
pyportfolioopt:pypfopt  websocket-client:websocket  psycopg2-binary:psycopg2
mysql-connector-python:mysql.connector  mysqlclient:MySQLdb  pymongo:pymongo,bson,gridfs  cassandra-driver:cassandra
ipython-sql:sql  google-cloud-storage:google.cloud.storage  google-cloud-bigquery:google.cloud.bigquery
google-api-python-client:googleapiclient,apiclient  google-auth:google.auth,google.oauth2
azure-storage-blob:azure.storage.blob  azure-identity:azure.identity  suds-community:suds  grpcio:grpc
protobuf:google.protobuf  paho-mqtt:paho  pyserial:serial  pyusb:usb
# Everyday
ruamel-yaml toml tomli tomlkit pytz tzlocal pendulum arrow dateparser parsedatetime holidays workalendar
humanize natsort psutil click typer fire docopt rich colorama termcolor blessings loguru structlog coloredlogs
tenacity retrying cachetools diskcache filelock watchdog schedule apscheduler mimesis pytest hypothesis nose
mock parameterized ipytest nbval testbook nbformat nbconvert nbclient papermill scrapbook watermark
line-profiler memory-profiler snakeviz pympler six packaging typing-extensions importlib-metadata
importlib-resources pathlib2 ipykernel ipywidgets traitlets traittypes jupyter-client jupyter-core nbdev
fastcore fastprogress rpy2 oct2py metakernel py4j pybind11 cffi pycparser cppimport pycuda cupy pyopencl mpi4py
ipdb pudb icecream jsonschema jsonlines ujson orjson simplejson msgpack pyxdf xmltodict xmljson defusedxml
untangle jmespath jsonpath-ng pyreadstat pyreadr sas7bdat dbfread simpledbf pyexcel xlwings rarfile py7zr
zstandard lz4 brotli blosc cryptography bcrypt passlib ecdsa hashids shortuuid pyperclip pyautogui pynput pygame
arcade pyglet moderngl kivy networkit spektral dgl torch-geometric stellargraph node2vec karateclub cdlib
hypernetx xgi nxviz mesa agentpy axelrod nashpy pycosat ipyaggrid nbtutor datascience pivottablejs ipyannotate
sidetable dataprep autoviz dtale pandas-gbq swifter pandarallel tabpy pyjstat eurostat pandasdmx cbsodata
gurobipy mip highspy docplex cplex pyscipopt scs osqp ecos cylp optlang pymoo nevergrad simanneal chaospy
openturns smt numdifftools quadpy sparse opt-einsum tensorly pyriemann ripser persim gudhi kmapper geomstats
pymanopt autoray quimb netket kwant pythtb wannierberri sisl
pyyaml:yaml  python-dotenv:dotenv  python-dateutil:dateutil  faker:Faker,faker  guppy3:guppy
future:future,builtins,past  setuptools:setuptools,pkg_resources  ipython:IPython  jpype1:jpype  pyjnius:jnius
gitpython:git  pygithub:github  python-gitlab:gitlab  savreaderwriter:savReaderWriter  patool:patoolib
python-snappy:snappy  pycryptodome:Crypto  pycryptodomex:Cryptodome  pynacl:nacl  pyjwt:jwt  pyopengl:OpenGL
pyqt5:PyQt5  pyside2:PySide2  pyside6:PySide6  wxpython:wx  z3-solver:z3  python-sat:pysat
python-constraint:constraint  automata-lib:automata  otter-grader:otter  lux-api:lux  sdmx1:sdmx
platypus-opt:platypus  bayesian-optimization:bayes_opt  gpyopt:GPyOpt  scikit-fuzzy:skfuzzy  salib:SALib
uqpy:UQpy  pydoe2:pyDOE2  pydoe:pyDOE  ax-platform:ax  giotto-tda:gtda  pot:ot  physics-tenpy:tenpy
# More
wget statannot statannotations celluloid affine branca kaleido mplsoccer mizani monty asteval nbsphinx coverage comm debugpy jedi
aiofiles anyio pyodide-http urllib3 certifi idna decorator pygments pexpect cycler kiwisolver jupyter-sphinx
sphinx myst-parser torch torchvision torchaudio torchtext tensorflow tensorflow-hub pyspark h2o tensorflow-text
ultralytics open3d vllm xformers bitsandbytes triton spleeter autogluon
scitools-iris:iris  python-magic:magic  python-slugify:slugify  python-jose:jose  dnspython:dns  pysocks:socks
pyopenssl:OpenSSL  gdal:osgeo,gdal,ogr  scikit-sparse:sksparse  astro-gala:gala  pyzmq:zmq  fonttools:fontTools
paddlepaddle:paddle  nvidia-ml-py:pynvml
`;

/** Other packages that bring the same imports, so that a repository which has one is not given the first. */
export const INSTEAD = `
opencv-python-headless:opencv-python,opencv-contrib-python,opencv-contrib-python-headless,opencv,py-opencv
scikit-learn:sklearn,scikit-learn-intelex  pillow:pillow-simd,pil  pycryptodome:pycrypto  psycopg2-binary:psycopg2
torch:pytorch,pytorch-cpu,pytorch-gpu,torch-nightly  tensorflow:tensorflow-cpu,tensorflow-gpu,tensorflow-base,tf-nightly
keras:tensorflow,tensorflow-cpu,tensorflow-gpu  matplotlib:matplotlib-base  seaborn:seaborn-base  dask:dask-core
python-levenshtein:levenshtein  levenshtein:python-levenshtein  umap-learn:umap  graphviz:python-graphviz
beautifulsoup4:bs4  python-dotenv:dotenv  faiss-cpu:faiss,faiss-gpu  jax:jax-cuda  xgboost:py-xgboost,xgboost-cpu
pyarrow:pyarrow-core  python-igraph:igraph  netcdf4:netcdf-python  tables:pytables  gdal:libgdal,osgeo,pygdal
pyyaml:yaml  ruamel-yaml:ruamel_yaml  python-dateutil:dateutil  fpdf:fpdf2  pydot:pydotplus  plotly-express:plotly
gym:gymnasium  distributed:dask  lightning:pytorch-lightning  ydata-profiling:pandas-profiling  attrs:attr
mysqlclient:mysql-python  pymongo:mongoengine  suds-community:suds,suds-jurko,suds-py3  pymc3:pymc  python-docx:docx
earthengine-api:geemap  scikit-image:skimage  cupy:cupy-cuda11x,cupy-cuda12x,cupy-cuda110  onnxruntime:onnxruntime-gpu
`;

/** What comes along with a package, as far as people import it. */
export const BRINGS = `
ipykernel:ipython,jupyter-client,jupyter-core,traitlets,tornado,pyzmq,nest-asyncio,psutil,packaging,matplotlib-inline
ipykernel:comm,debugpy,autoreload,storemagic
ipython:decorator,pygments,pexpect,traitlets,jedi,prompt-toolkit,pickleshare,backcall,stack-data,typing-extensions
jupyter-client:python-dateutil,six  python-dateutil:six  ipywidgets:ipykernel,widgetsnbextension
requests:urllib3,certifi,idna,charset-normalizer,chardet  setuptools:pkg-resources
pandas:numpy,python-dateutil,pytz,six  matplotlib:numpy,pillow,cycler,kiwisolver,pyparsing,python-dateutil,fonttools,packaging
scipy:numpy  scikit-learn:scipy,numpy,joblib  seaborn:pandas,matplotlib,numpy,scipy  statsmodels:pandas,scipy,patsy,numpy
scikit-image:scipy,numpy,pillow,networkx,imageio,tifffile,pywavelets,matplotlib  xarray:pandas,numpy
dask:pyyaml,toolz,cloudpickle,fsspec  distributed:dask,tornado,psutil,msgpack,click,cloudpickle,toolz
geopandas:pandas,shapely,pyproj,fiona,numpy  cartopy:shapely,pyproj,numpy,matplotlib  rasterio:numpy,click,affine,attrs
folium:jinja2,branca,numpy,requests  contextily:geopy,matplotlib,mercantile,rasterio,pillow  osmnx:geopandas,networkx
rioxarray:rasterio,xarray,pyproj  holoviews:bokeh,param,panel,pandas,numpy,colorcet  hvplot:holoviews,bokeh,pandas
panel:bokeh,param,markdown,requests,tqdm  bokeh:jinja2,numpy,pillow,pyyaml,tornado,pandas  datashader:dask,numba,xarray
geoviews:cartopy,holoviews  altair:pandas,numpy,jinja2,jsonschema,toolz  plotnine:matplotlib,pandas,statsmodels,mizani
plotly:tenacity,packaging  dash:flask,plotly,werkzeug  jupyter-dash:dash,flask,requests  chart-studio:plotly,requests
numba:numpy,llvmlite  networkx:decorator  sympy:mpmath  h5py:numpy  netcdf4:numpy,cftime  zarr:numcodecs,numpy
tables:numpy,numexpr,h5py  astropy:numpy,pyyaml,packaging  astroquery:astropy,requests,beautifulsoup4,html5lib
lightkurve:astropy,astroquery,matplotlib,pandas,requests,tqdm  photutils:astropy,numpy  healpy:astropy,matplotlib,scipy
nltk:joblib,tqdm,regex,click  spacy:numpy,requests,tqdm,jinja2,pydantic,typer  gensim:numpy,scipy  textblob:nltk
transformers:tokenizers,huggingface-hub,numpy,requests,tqdm,regex,pyyaml,filelock,safetensors  datasets:pandas,pyarrow
nibabel:numpy  nilearn:nibabel,scikit-learn,pandas,scipy,numpy,joblib  mne:numpy,scipy,matplotlib,tqdm,pooch
torch:numpy,sympy,networkx,jinja2,typing-extensions  torchvision:torch,numpy,pillow  torchaudio:torch
tensorflow:numpy,h5py,keras,protobuf,six,tensorboard,grpcio  keras:numpy,h5py,tensorflow
pytorch-lightning:torch,numpy,tqdm,pyyaml,torchmetrics,tensorboard  lightning:pytorch-lightning,torch
fastai:torch,torchvision,fastcore,fastprogress,pandas,matplotlib,scikit-learn,scipy,pyyaml,requests,pillow,spacy
xgboost:numpy,scipy  lightgbm:numpy,scipy,scikit-learn  catboost:numpy,pandas,scipy,matplotlib,plotly,graphviz
shap:numpy,scipy,scikit-learn,pandas,tqdm,numba  umap-learn:numpy,scipy,scikit-learn,numba,pynndescent
imbalanced-learn:scikit-learn,numpy,scipy,joblib  librosa:numpy,scipy,scikit-learn,joblib,soundfile,numba,audioread
pymc:arviz,numpy,scipy,pandas,cachetools  pymc3:arviz,numpy,scipy,pandas,theano  arviz:xarray,matplotlib,numpy,scipy,pandas
prophet:pandas,numpy,matplotlib,tqdm,holidays  pingouin:pandas,scipy,seaborn,statsmodels,numpy  scanpy:anndata,pandas,seaborn
anndata:pandas,numpy,scipy,h5py  biopython:numpy  mdanalysis:numpy,biopython,networkx,matplotlib,tqdm,scipy
mdtraj:numpy,scipy,pyparsing  qiskit:numpy,scipy,sympy  qutip:numpy,scipy  ase:numpy,scipy,matplotlib
pymatgen:numpy,scipy,pandas,matplotlib,networkx,plotly,sympy,spglib,requests,uncertainties,monty,tabulate
obspy:numpy,scipy,matplotlib,lxml,sqlalchemy,requests,decorator  metpy:numpy,scipy,matplotlib,xarray,pint,pandas,pyproj,pooch
intake:fsspec,pyyaml  s3fs:fsspec,aiohttp,botocore  gcsfs:fsspec,aiohttp,requests,google-auth  boto3:botocore
lmfit:numpy,scipy,uncertainties,asteval  cvxpy:numpy,scipy,osqp,ecos,scs  pyomo:ply  flask:jinja2,werkzeug,click
streamlit:pandas,numpy,altair,pillow,requests,pyarrow  nbconvert:nbformat,jinja2,mistune,beautifulsoup4,nbclient
nbformat:jsonschema,traitlets  papermill:nbformat,nbclient,click,pyyaml,tqdm  jupyter:notebook,nbconvert,nbformat,ipywidgets
notebook:nbformat,nbconvert,jinja2,tornado  jupyterlab:notebook,nbformat,nbconvert,jinja2,tornado  scikit-bio:numpy,scipy,pandas
datascience:matplotlib,numpy,scipy,pandas,folium,plotly,ipykernel,sphinx,pytest,nbsphinx,coverage,setuptools
yfinance:pandas,numpy,requests,lxml,beautifulsoup4  pandas-datareader:pandas,requests,lxml  uproot:numpy,awkward
mplhep:matplotlib,uproot,numpy,hist  hist:boost-histogram,numpy  zfit:tensorflow  ultralytics:torch,torchvision,matplotlib
leafmap:folium,ipyleaflet,geopandas,pandas,matplotlib,plotly,xyzservices  geemap:earthengine-api,folium,ipyleaflet,pandas
ipyleaflet:ipywidgets,xyzservices,branca,traittypes  bqplot:ipywidgets,traittypes,numpy,pandas  pyvista:vtk,numpy,pooch,matplotlib
pysal:libpysal,esda,mapclassify,spreg,splot,spaghetti,pointpats,momepy,geopandas,pandas,scipy  libpysal:scipy,pandas,numpy
anaconda:numpy,pandas,scipy,matplotlib,seaborn,scikit-learn,scikit-image,statsmodels,bokeh,plotly,sympy,networkx,nltk
anaconda:requests,beautifulsoup4,lxml,openpyxl,xlrd,h5py,tables,numba,dask,xarray,tqdm,pillow,sqlalchemy,ipywidgets
`;

/**
 * Gigabytes, or what makes it so: told, and not added unless the repository has that already. A wait of a quarter of
 * an hour and a full disk are no guess to take.
 */
export const HEAVY = `
torch torchvision:torch torchaudio:torch torchtext:torch ultralytics:torch pytorch-lightning:torch lightning:torch
fastai:torch torchmetrics:torch torchinfo:torch torchsummary:torch torch-geometric:torch sentence-transformers:torch
accelerate:torch timm:torch skorch:torch pyro-ppl:torch gpytorch:torch botorch:torch ax-platform:torch flair:torch
stanza:torch easyocr:torch bertopic:torch keybert:torch captum:torch scvi-tools:torch cellpose:torch peft:torch
diffusers:torch suite2p:torch xformers:torch bitsandbytes:torch vllm triton dgl:torch top2vec:tensorflow
tensorflow tensorflow-hub:tensorflow tensorflow-text:tensorflow tensorflow-datasets:tensorflow
tensorflow-probability:tensorflow stellargraph:tensorflow spektral:tensorflow gpflow:tensorflow zfit:tensorflow
alibi:tensorflow spleeter:tensorflow keras:tensorflow pyspark h2o mxnet paddlepaddle autogluon open3d
`;

/** Modules that only some service or program has. */
export const ELSEWHERE = new Map([
  ['google.colab', 'Google Colab'],
  ['kaggle_secrets', 'Kaggle'],
  ['dbutils', 'Databricks'],
  ['arcpy', 'ArcGIS'],
  ['arcgis.gis', 'ArcGIS'],
  ['qgis', 'QGIS'],
  ['bpy', 'Blender'],
  ['js', 'Pyodide'],
  ['pyodide', 'Pyodide'],
  ['piplite', 'JupyterLite'],
  ['micropip', 'Pyodide'],
  ['win32com', 'Windows'],
]);
