# Shared by tools/run, tools/test and tools/bench: what a machine needs, the build, and private
# servers. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(
  g++ cmake ninja-build ccache mold pkg-config git ca-certificates
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev
  libhiredis-dev libsoci-dev libboost-dev libsqlite3-dev libpq-dev libssl-dev
  libcjose-dev libjansson-dev libcurl4-openssl-dev prometheus-cpp-dev libcivetweb-dev nlohmann-json3-dev libcli11-dev libcsv-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
)
test_packages=(clang-format clang libclang-rt-14-dev faketime postgresql-15 redis-server redis-tools curl procps)

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "Packages are missing and neither root nor sudo is at hand. As root: apt-get install $*"
  fi
}

# One line that is written over on a terminal; every tenth percent elsewhere.
progress() {
  local percent=$1 text=$2
  if [ -t 2 ]; then
    local filled=$((percent / 4))
    printf '\r  [%-25s] %3d%%  %-40.40s' "$(printf '%*s' "$filled" '' | tr ' ' '#')" "$percent" "$text" >&2
  elif [ $((percent / 10)) != "${progress_shown:-none}" ]; then
    progress_shown=$((percent / 10))
    printf '  %3d%%  %s\n' "$percent" "$text" >&2
  fi
}
progress_end() { if [ -t 2 ]; then printf '\r%-80s\r' '' >&2; fi; unset progress_shown; }

# Installs those of the packages that are missing.
ensure_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log status=0
  log=$(mktemp)
  as_root apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; die "apt-get update failed; see above."; }
  local fifo
  fifo=$(mktemp -u)
  mkfifo "$fifo"
  ( while IFS=: read -r kind _ percent text; do
      case $kind in pmstatus|dlstatus) progress "${percent%.*}" "$text" ;; esac
    done <"$fifo"; progress_end ) &
  local reader=$!
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o APT::Status-Fd=9 "${missing[@]}" 9>"$fifo" >"$log" 2>&1 || status=$?
  wait "$reader" || true
  rm -f "$fifo"
  [ $status = 0 ] || { tail -30 "$log" >&2; die "Installing packages failed; see above."; }
  rm -f "$log"
}

# build PRESET [TARGET...]: configures when needed and builds, with progress.
build() {
  local preset=$1 log pid status=0 line
  shift
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
  local dir=$root/build
  [ "$preset" = dev ] || dir=$root/build/$preset
  mkdir -p "$dir"
  log=$dir/build.log
  if [ ! -f "$dir/build.ninja" ]; then
    say "Configuring ($preset)"
    (cd "$root" && cmake --preset "$preset") >"$log" 2>&1 || { tail -40 "$log" >&2; die "Configuring failed; see above."; }
  fi
  NINJA_STATUS='[%p] ' ninja -C "$dir" "$@" >"$log" 2>&1 &
  pid=$!
  local announced=
  while kill -0 "$pid" 2>/dev/null; do
    line=$(grep -ao '^\[ *[0-9]*%\] [A-Za-z]*' "$log" 2>/dev/null | tail -1) || true
    if [ -n "$line" ]; then
      [ -n "$announced" ] || { say "Building ($preset)"; announced=1; }
      progress "$(grep -o '[0-9]*' <<<"$line" | head -1)" "build"
    fi
    read -r -t 0.3 _ <> <(:) || true
  done
  progress_end
  wait "$pid" || status=$?
  if [ $status != 0 ]; then
    grep -a -A40 'FAILED\|error' "$log" | head -80 >&2
    die "The build failed; the whole log is in $log"
  fi
}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# Starts PostgreSQL and Redis of one's own in a temporary folder, on free ports, and exports
# SPECOM_TEST_POSTGRESQL and SPECOM_TEST_REDIS. stop_servers ends them.
start_servers() {
  servers_dir=$(mktemp -d /tmp/specom-servers.XXXXXX)
  chmod 755 "$servers_dir"
  local bin=/usr/lib/postgresql/15/bin pg_port redis_port
  pg_port=$(free_port)
  redis_port=$(free_port)
  mkdir "$servers_dir/postgresql" "$servers_dir/redis"
  if [ "$(id -u)" = 0 ]; then chown postgres "$servers_dir/postgresql"; fi
  as_postgres "$bin/initdb" -D "$servers_dir/postgresql/data" -U specom --auth=trust --encoding=UTF8 --locale=C \
    >"$servers_dir/initdb.log" 2>&1 || { cat "$servers_dir/initdb.log" >&2; die "PostgreSQL could not be set up."; }
  as_postgres "$bin/pg_ctl" -D "$servers_dir/postgresql/data" -w -t 60 -l "$servers_dir/postgresql/log" \
    -o "-p $pg_port -k $servers_dir/postgresql -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=on" \
    start >/dev/null || { cat "$servers_dir/postgresql/log" >&2; die "PostgreSQL did not start."; }
  as_postgres "$bin/createdb" -h 127.0.0.1 -p "$pg_port" -U specom specom
  redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$servers_dir/redis" --save '' --appendonly no \
    --pidfile "$servers_dir/redis/pid" --logfile "$servers_dir/redis/log" --daemonize yes >/dev/null
  local tries=0
  until redis-cli -p "$redis_port" ping >/dev/null 2>&1; do
    tries=$((tries + 1)); [ $tries -lt 100 ] || die "Redis did not start; see $servers_dir/redis/log"
    read -r -t 0.1 _ <> <(:) || true
  done
  export SPECOM_TEST_POSTGRESQL=postgresql://specom@127.0.0.1:$pg_port/specom
  export SPECOM_TEST_REDIS=redis://127.0.0.1:$redis_port
  servers_redis_port=$redis_port
}

as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

stop_servers() {
  [ -n "${servers_dir:-}" ] || return 0
  redis-cli -p "${servers_redis_port:-0}" shutdown nosave >/dev/null 2>&1 || true
  as_postgres /usr/lib/postgresql/15/bin/pg_ctl -D "$servers_dir/postgresql/data" -m fast -w stop >/dev/null 2>&1 || true
  rm -rf "$servers_dir"
  servers_dir=
}
