/** What stands for conda's compilers, programs and libraries where there is no channel. */

function table(text: string): Map<string, readonly string[]> {
  const rows = text.split('\n').map((row) => row.trim());
  return new Map(
    rows
      .filter((row) => row !== '')
      .flatMap((row) => {
        const [names = '', packages = ''] = row.split(': ');
        const list = (packages === '' ? names : packages).split(' ');
        return names.split(' ').map((name) => [name, packages === '' ? [name] : list] as const);
      }),
  );
}

/** Programs: Debian's are taken in whatever version it has. A row is `conda names: Debian names`, or names that both have. */
const PROGRAMS = table(`
  gcc gxx gcc_linux-64 gxx_linux-64 gcc_linux-aarch64 gxx_linux-aarch64 c-compiler cxx-compiler: build-essential
  compilers: build-essential gfortran
  gfortran gfortran_linux-64 gfortran_linux-aarch64 fortran-compiler: gfortran
  clang clangxx: clang
  ninja: ninja-build
  pkg-config pkgconfig: pkg-config
  make cmake autoconf automake libtool bison flex m4 nasm yasm swig patchelf ccache doxygen gdb valgrind
  git git-lfs curl wget unzip zip rsync jq bc tree htop tmux screen parallel vim nano less subversion perl latexmk
  p7zip: p7zip-full
  openssh: openssh-client
  nodejs: nodejs npm
  openjdk: default-jdk-headless
  pandoc ffmpeg graphviz imagemagick ghostscript gnuplot sox octave xvfb
  poppler: poppler-utils
  tesseract: tesseract-ocr
  texlive-core: texlive-latex-base texlive-latex-recommended texlive-fonts-recommended
  firefox: firefox-esr
  postgresql
  redis redis-server: redis-server
  glpk: glpk-utils
  coin-or-cbc coincbc: coinor-cbc
  cdo nco gmt
  samtools bcftools bedtools bwa bowtie2 hisat2 fastqc minimap2 muscle mafft clustalo hmmer raxml iqtree fasttree seqtk vcftools
  blast: ncbi-blast+
`);

/** Libraries: Debian's with their headers, for what is compiled against them. */
const LIBRARIES = table(`
  libgdal libgdal-core: libgdal-dev
  geos: libgeos-dev
  proj proj4: libproj-dev proj-bin
  hdf5: libhdf5-dev
  hdf4: libhdf4-dev
  libnetcdf netcdf-c: libnetcdf-dev
  netcdf-fortran: libnetcdff-dev
  eccodes: libeccodes-dev
  udunits2: libudunits2-dev
  libspatialindex: libspatialindex-dev
  libspatialite: libspatialite-dev
  eigen: libeigen3-dev
  boost boost-cpp libboost libboost-devel: libboost-dev
  fftw: libfftw3-dev
  gsl: libgsl-dev
  openblas openblas-devel libopenblas: libopenblas-dev
  lapack: liblapack-dev
  suitesparse: libsuitesparse-dev
  ipopt: coinor-libipopt-dev
  gmp: libgmp-dev
  mpfr: libmpfr-dev
  openmpi: libopenmpi-dev openmpi-bin
  mpich: libmpich-dev mpich
  libsndfile: libsndfile1
  portaudio: portaudio19-dev
  cairo: libcairo2-dev
  pango: libpango1.0-dev
  libxml2: libxml2-dev
  libxslt: libxslt1-dev
  libcurl: libcurl4-openssl-dev
  libmagic: libmagic1
  mesalib libgl: libgl1
  igraph: libigraph-dev
`);

/** Parts of conda's own world, and libraries that wheels bring with them or the base has. */
const POINTLESS =
  /^(?:_.*|__.*|abseil-cpp|alsa-lib|anaconda-.*|arrow-cpp|attr|at-spi2-.*|atk.*|aws-.*|azure-.*-cpp|backports|binutils.*|blas|blosc|brotli|brotli-bin|brunsli|bzip2|c-ares|c-blosc2|ca-certificates|cctools.*|cfitsio|charls|conda|conda-.*|cpuonly|cpython|cuda.*|cudatoolkit|cudnn|curl|dataclasses|dcw-gmt|dav1d|dbus|double-conversion|epoxy|expat|fftw|font-.*|fontconfig|fonts-.*|freeglut|freetype|freexl|fribidi|gcc_impl.*|gdk-pixbuf|geotiff|gettext|gettext-tools|gflags|gfortran_impl.*|giflib|glib|glib-tools|glog|gmp|gnutls|graphite2|grpc-cpp|gst-.*|gstreamer|gtk.*|gshhg-gmt|gts|gxx_impl.*|harfbuzz|icu|intel-.*|jasper|jpeg|json-c|jxrlib|kealib|kernel-headers_.*|keyutils|krb5|lame|lcms2|ld_impl_.*|lerc|level-zero|libblas|libcblas|libcurl|libcxx|libffi|libgcc.*|libgfortran.*|libgomp|libiconv|libjpeg.*|liblapack.*|libpng|libsodium|libstdcxx.*|libtiff|libuuid|libwebp.*|libxcb|llvm-openmp|llvm-tools|lz4-c|lzo|mamba|metis|mkl|mkl-.*|mkl_.*|mpc|mpg123|mpi|mumps.*|mysql-common|mysql-libs|navigator-updater|nb_conda|nb_conda_kernels|nccl|ncurses|nettle|nomkl|nspr|nss|numpy-base|openh264|openjpeg|openldap|openssl|orc|p11-kit|patch|pcre|pcre2|pixman|poppler-data|proj-data|pthread-stubs|pulseaudio.*|pybind11-abi|pytorch-cuda|pytorch-mutex|pycosat|python_abi|qhull|qt|qt-.*|qt6-.*|re2|readline|rdma-core|s2n|scotch|sip|snappy|spdlog|sqlite|svt-av1|sysroot_.*|tapi|tbb|tbb4py|tensorflow-eigen|thrift-cpp|tiledb|tk|tktable|tzcode|tzdata|ucx|unixodbc|utf8proc|wayland|x264|x265|xcb-.*|xerces-c|xkeyboard-config|xorg-.*|xz|yaml|yaml-cpp|zeromq|zfp|zlib|zlib-ng|zstd)$/;

export type Elsewhere = { kind: 'debian'; packages: readonly string[] } | { kind: 'pointless' };

/**
 * What stands for a package of conda's that is no Python package.
 * @param isExact the version is: an exact library was written down by `conda env export`, not by somebody who compiles with it
 * @returns undefined where nothing is known
 */
export function elsewhere(name: string, isExact: boolean): Elsewhere | undefined {
  const packages = PROGRAMS.get(name) ?? (isExact ? undefined : LIBRARIES.get(name));
  if (packages !== undefined) return { kind: 'debian', packages };
  const isPart = POINTLESS.test(name) || (isExact && (LIBRARIES.has(name) || name.startsWith('lib')));
  return isPart ? { kind: 'pointless' } : undefined;
}
