#!/bin/sh
# Animates a photo with curl: animate.sh PHOTO OUTPUT
# BASE_URL and API_KEY come from the environment.
set -eu

answer=$(curl --silent --show-error \
    --header "ailabapi-api-key: $API_KEY" \
    --form "image=@$1" \
    --form "operation=11" \
    "$BASE_URL/api/image/effects/image-fine-tuning")

url=$(printf '%s' "$answer" | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
if [ -z "$url" ]; then
    printf 'refused: %s\n' "$answer" >&2
    exit 1
fi
curl --silent --show-error --fail --output "$2" "$url"
