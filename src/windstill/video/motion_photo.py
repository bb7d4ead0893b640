"""Motion Photo, format 1.0, of Android: one JPEG that carries its film behind the picture.

Source: https://developer.android.com/media/platform/motion-photo-format
"""

from __future__ import annotations

from windstill.video.jpeg_segments import with_segment

_MARK = b"http://ns.adobe.com/xap/1.0/\0"
# Readers compare the prefixes as text, so they must be these.
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
    xmlns:Container="http://ns.google.com/photos/1.0/container/"
    xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
    GCamera:MotionPhoto="1"
    GCamera:MotionPhotoVersion="1"
    GCamera:MotionPhotoPresentationTimestampUs="0">
   <Container:Directory>
    <rdf:Seq>
     <rdf:li rdf:parseType="Resource">
      <Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary" Item:Length="0" \
Item:Padding="0"/>
     </rdf:li>
     <rdf:li rdf:parseType="Resource">
      <Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="{length}" \
Item:Padding="0"/>
     </rdf:li>
    </rdf:Seq>
   </Container:Directory>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def motion_photo(jpeg: bytes, film: bytes) -> bytes:
    """A JPEG that readers of Motion Photos play. film: an MP4, whose first frame is the picture."""
    xmp = _XMP.format(length=len(film)).encode()
    return with_segment(jpeg, _MARK + xmp) + film
