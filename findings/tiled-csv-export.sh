#!/usr/bin/env bash
# Tiled 1.8: what `tiled --export-map csv` writes is not the map's CSV data.
#
# A guess: the export has the numbers that <data encoding="csv"> has, in the named file.
# Instead: a map with several layers leaves the named file unwritten and writes one file per layer. The numbers count
# within each tileset, so the first tiles of two tilesets are both 0, and no tile is -1. A mirrored tile is a negative
# number. A tile with a property called "name" is that text instead of a number.
# Tiled looks for its export formats only in /usr/lib. So the script mounts the unpacked packages over /usr/lib, in a
# mount namespace of its own.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
mkdir packages && cd packages
missing=$(apt-get install -s --no-install-recommends tiled=1.8.2-1 libtiled1=1.8.2-1 | awk '/^Inst/ { print $2 }')
for name in tiled=1.8.2-1 libtiled1=1.8.2-1 $(grep -vxE 'tiled|libtiled1' <<<"$missing"); do
  apt-get download -qq "$name" 2>"$work/apt.log" || { cat "$work/apt.log" && exit 1; }
done
for package in *.deb; do dpkg-deb -x "$package" "$work/root"; done
cd "$work"

cat > map.tmx <<'TMX'
<?xml version="1.0" encoding="UTF-8"?>
<map version="1.8" orientation="orthogonal" width="3" height="1" tilewidth="16" tileheight="16" infinite="0">
 <tileset firstgid="1" name="ground" tilewidth="16" tileheight="16" tilecount="2" columns="2">
  <image source="tiles.png" width="32" height="16"/>
  <tile id="1"><properties><property name="name" value="wall"/></properties></tile>
 </tileset>
 <tileset firstgid="3" name="roof" tilewidth="16" tileheight="16" tilecount="2" columns="2">
  <image source="tiles.png" width="32" height="16"/>
 </tileset>
 <layer id="1" name="floor" width="3" height="1"><data encoding="csv">1,2,3</data></layer>
 <group id="2" name="house">
  <layer id="3" name="top" width="3" height="1"><data encoding="csv">2147483649,0,4</data></layer>
 </group>
</map>
TMX
# The picture of the tiles: 32 x 16 pixels.
printf 'P6 32 16 255\n%1536s' '' > tiles.png

export QT_QPA_PLATFORM=offscreen HOME=$work XDG_RUNTIME_DIR=$work
export QT_QPA_PLATFORM_PLUGIN_PATH
QT_QPA_PLATFORM_PLUGIN_PATH=$(dirname "$(find "$work/root" -name libqoffscreen.so)")
export TILED=$work/root/usr/bin/tiled LIB=$work/root/usr/lib
tiled() {
  unshare --map-root-user --mount sh -c \
    'mount -t overlay overlay -o "lowerdir=$LIB:/usr/lib" /usr/lib && "$TILED" "$@"' tiled "$@"
}
tiled --version
tiled --export-map csv map.tmx out.csv
tail -n +1 out*.csv

test ! -e out.csv
test "$(cat out_floor.csv)" = "0,wall,0"
test "$(cat out_house_top.csv)" = "-2147483648,-1,1"
echo "As described."
