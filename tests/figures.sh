#!/usr/bin/env bash
# Figures held against independent tools: poppler, qpdf, MuPDF, ExifTool, librsvg, libtiff, pngcheck,
# ImageMagick, tesseract and Python. What is missing is installed where that is possible; where it is
# not, that is said and the rest goes on. Wants the built program: tests/figures.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

tools=(pdfinfo pdffonts pdfimages pdftocairo qpdf mutool exiftool rsvg-convert tiffinfo pngcheck xmllint compare tesseract fc-list python3)
packages="poppler-utils qpdf mupdf-tools libimage-exiftool-perl librsvg2-bin libtiff-tools pngcheck libxml2-utils imagemagick tesseract-ocr tesseract-ocr-eng fonts-liberation2 fontconfig python3-numpy"
# Another font would differ in every comparison.
missing() {
    for tool in "${tools[@]}"; do command -v "$tool" > /dev/null || echo "$tool"; done
    # Read to its end: a pipe that is cut short counts as a failure here.
    fc-list 2> /dev/null | grep LiberationSans-Regular > /dev/null || echo "Liberation Sans"
}
if [ -n "$(missing)" ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    # shellcheck disable=SC2086
    { apt-get update && apt-get install -y --no-install-recommends $packages; } > apt.log 2>&1 || true
fi
if [ -n "$(missing)" ]; then
    echo "not checked, for want of $(missing | tr '\n' ' ')"
    exit 0
fi

failed=0
check() { # what, then a command that holds
    local what=$1
    shift
    if "$@"; then echo "ok    $what"; else
        echo "FAIL  $what"
        failed=1
    fi
}
near() { # value, wanted, within
    python3 -c 'import sys; a, b, c = map(float, sys.argv[1:]); sys.exit(not abs(a - b) <= c)' "$@"
}

# One study, small; each further figure is made from the first one, so that this is tried too.
"$program" figure iss-6-months --size 24 --day 20 --samples 8 --preset nature-single --out a.png
for kind in pdf svg tiff; do "$program" figure a.png --out "a.$kind" > /dev/null; done

# PDF.
width=$(pdfinfo a.pdf | awk '/Page size/ {print $3}')
check "the PDF is 89 mm wide ($width points)" near "$width" 252.28 0.3
check "its fonts are embedded, subset, with Unicode, and none is Type 3" bash -c '
    pdffonts a.pdf | tail -n +3 > fonts && test -s fonts &&
    ! grep -v "yes yes yes" fonts && ! grep "Type 3" fonts'
check "its pictures have 300 dots an inch" bash -c '
    pdfimages -list a.pdf | tail -n +3 | awk "{ if (\$13 < 299) bad = 1; n++ } END { exit bad || !n }"'
smallest=$(mutool draw -F stext a.pdf 2> /dev/null | grep -o 'size="[0-9.]*"' | tr -dc '0-9.\n' | sort -n | head -1)
check "no text below 5 points (smallest $smallest)" bash -c "python3 -c 'import sys; sys.exit($smallest < 5)'"
check "its structure is sound" bash -c 'qpdf --check a.pdf > qpdf.log 2>&1'
check "the study is found in it" bash -c 'exiftool -json a.pdf | grep -q "scenario_text"'

# SVG.
check "the SVG is well-formed" xmllint --noout --huge a.svg
check "its text is text" bash -c 'test "$(grep -c "<text" a.svg)" -gt 20'
check "the study is found in it" bash -c '
    xmllint --huge --xpath "string(//*[local-name()=\"metadata\"])" a.svg | grep -q "scenario_text"'

# TIFF.
check "the TIFF is LZW, three samples, 300 dots an inch" bash -c '
    tiffinfo a.tiff > tiff.log 2>&1 && grep -q LZW tiff.log &&
    grep -q "Samples/Pixel: 3" tiff.log && grep -q "300, 300" tiff.log'
check "the study is found in it" bash -c 'exiftool -json a.tiff | grep -q "scenario_text"'

# PNG.
check "the PNG is sound, with 11811 dots a metre, sRGB and its study" bash -c '
    pngcheck -v a.png > png.log && grep -q 11811 png.log && grep -q sRGB png.log &&
    grep -q "iTXt.*mechanostat" png.log'
check "the study in it is a document" bash -c '
    exiftool -b -Mechanostat a.png > state.toml 2> /dev/null || true
    test -s state.toml || exiftool -j a.png > state.toml
    grep -q "scenario_text" state.toml'

# The same picture by other renderers.
read -r wide high <<< "$(identify -format '%w %h' a.png)"
rsvg-convert -w "$wide" -h "$high" a.svg -o svg-clear.png
convert svg-clear.png -background white -flatten svg.png
# Renderers of PDF put letters on whole pixels, each in its own way. Drawn four times as fine and then
# averaged, that is gone, and what is compared is the picture itself.
pdftocairo -png -singlefile -scale-to-x $((4 * wide)) -scale-to-y $((4 * high)) a.pdf fine
convert fine.png -filter box -resize "${wide}x$high!" pdf.png
for other in pdf svg; do
    error=$(compare -metric RMSE a.png "$other.png" null: 2>&1 | sed 's/.*(\(.*\))/\1/' || true)
    check "the $other by another renderer is like the PNG (RMSE $error)" near "$error" 0 0.02
done

# Made again from each kind of file, no pixel differs.
for kind in png pdf svg tiff; do
    "$program" figure "a.$kind" --out "again-$kind.png" > /dev/null
    differ=$(compare -metric AE a.png "again-$kind.png" null: 2>&1 || true)
    check "made again from the $kind it is the same ($differ pixels differ)" test "$differ" = 0
done

# Colours of up to five curves; more are told apart by dash and label.
check "five curves differ by dash and, as a deuteranope and a grey printer see them, by colour" python3 - a.svg << 'PYTHON'
import itertools, re, sys
text = open(sys.argv[1]).read()
lines = re.findall(r'<polyline[^>]*stroke="(#\w{6})"[^>]*stroke-dasharray="([^"]*)"', text)
colours, dashes = zip(*lines[:5])
def linear(c):
    v = [int(c[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in v]
def lab(rgb):
    m = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = (sum(a * b for a, b in zip(row, rgb)) / n for row, n in zip(m, (0.9505, 1, 1.089)))
    f = lambda t: t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
    return [116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))]
# Machado, Oliveira and Fernandes 2009, severity 1.
deutan = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
seen = [[max(0, sum(a * b for a, b in zip(row, linear(c)))) for row in deutan] for c in colours]
def delta(a, b):
    return sum((x - y) ** 2 for x, y in zip(lab(a), lab(b))) ** 0.5
pairs = list(itertools.combinations(range(len(colours)), 2))
grey = [[sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear(c)))] * 3 for c in colours]
least = [min(delta(of[a], of[b]) for a, b in pairs) for of in (seen, grey)]
print("      least difference: deuteranope %.1f, grey %.1f" % tuple(least))
close = min(least) < 15
ok = len(lines) >= 5 and all(dashes[a] != dashes[b] for a, b in pairs) and not close
sys.exit(not ok)
PYTHON

# Labels are read by a machine, at 7 points and more.
"$program" figure a.png --preset elsevier-single --dpi 400 --out read.png > /dev/null
tesseract read.png read --psm 11 > tesseract.log 2>&1
for word in "Density" "Change" "Mission day" "mm"; do
    check "\"$word\" is read" grep -q "$word" read.txt
done

exit $failed
