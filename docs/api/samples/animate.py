"""Animates a photo with requests: animate.py PHOTO OUTPUT

BASE_URL and API_KEY come from the environment.
"""

import os
import sys

import requests

photo, output = sys.argv[1:]

with open(photo, "rb") as image:
    response = requests.post(
        os.environ["BASE_URL"] + "/api/image/effects/image-fine-tuning",
        headers={"ailabapi-api-key": os.environ["API_KEY"]},
        files={"image": ("file", image, "application/octet-stream")},
        data={"operation": "11"},
        timeout=60,
    )

answer = response.json()
if answer["error_code"] != 0:
    sys.exit(f"refused: {answer['error_detail']['code']}: {answer['error_detail']['message']}")

video = requests.get(answer["data"]["url"], timeout=60)
video.raise_for_status()
with open(output, "wb") as file:
    file.write(video.content)
