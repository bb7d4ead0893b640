"""Builds the compiled part of Windstill; all else about the package is in pyproject.toml.

The compiler is Zig's, a wheel like any other, so that an installation needs nothing else and
every one has the same code. The library is loaded with ctypes and calls nothing, so it needs
neither Python's headers nor the C library's: one wheel serves every Python, and one machine makes
those of all processors. WINDSTILL_MACHINE names the processor to build for, as `uname -m` does.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

# No fused multiplications, so that every processor computes the same; square roots are instructions
# and not calls, as there is no library to call.
ARITHMETIC = ("-ffp-contract=off", "-fno-math-errno")
FLAGS = ("-std=c11", "-O3", *ARITHMETIC, "-fno-sanitize=undefined", "-Wall", "-Wextra")
LINKING = ("-shared", "-fPIC", "-nostdlib", "-s")
SOURCES = {
    "windstill.elements.hair._locks": "src/windstill/elements/hair/locks.c",
    "windstill.elements.hair._painting": "src/windstill/elements/hair/painting.c",
    "windstill.elements.hair._poses": "src/windstill/elements/hair/poses.c",
    "windstill.elements.sky._painting": "src/windstill/elements/sky/painting.c",
    "windstill.elements.sky._crossfade": "src/windstill/elements/sky/crossfade.c",
    "windstill.imaging._geodesic": "src/windstill/imaging/geodesic.c",
    "windstill.imaging._marching": "src/windstill/imaging/marching.c",
    "windstill.perceive._edges": "src/windstill/perceive/edges.c",
    "windstill.video._changes": "src/windstill/video/changes.c",
}
SHARED = ["src/windstill/imaging/mirror.h", "src/windstill/imaging/words.h"]
# What follows a library's name, and the processors that it is for.
X86 = {"": "x86_64_v2", "_avx2": "x86_64_v3"}
OTHER = {"": "baseline"}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}

here = platform.machine().lower()
asked = os.environ.get("WINDSTILL_MACHINE", here)
machine = MACHINES.get(asked, asked)
# A library that needs nothing of the system is cross-compiled by naming its processor.
cross = () if asked == here else ("-target", f"{machine}-linux-gnu")


class BuildLibrary(build_ext):
    """Compiles each extension to a plain shared library, NAME.so."""

    def build_extension(self, ext: Extension) -> None:
        """Runs the compiler."""
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        cache = Path(self.build_temp).absolute() / "compiler"
        places = {"ZIG_GLOBAL_CACHE_DIR": str(cache), "ZIG_LOCAL_CACHE_DIR": str(cache)}
        compiler = (sys.executable, "-m", "ziglang", "cc")
        options = (*cross, *FLAGS, *ext.extra_compile_args, *LINKING)
        command = [*compiler, *options, "-o", str(target), *ext.sources]
        subprocess.run(command, check=True, env=os.environ | places)  # noqa: S603

    def get_ext_filename(self, fullname: str) -> str:
        """Where the library of an extension lies, from the package's root."""
        return f"{fullname.replace('.', os.sep)}.so"


class PlatformWheel(bdist_wheel):
    """A wheel for any Python 3 on Linux with the C library that the dependencies' wheels need."""

    def finalize_options(self) -> None:
        """Says that there is something for one kind of processor in it."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        """Python, interface and platform."""
        _, _, platforms = super().get_tag()
        linux = sys.platform == "linux"
        return "py3", "none", f"manylinux_2_28_{machine}" if linux else platforms


processors = X86 if machine == "x86_64" else OTHER
setup(
    ext_modules=[
        Extension(
            name + suffix, [source], depends=SHARED, extra_compile_args=[f"-mcpu={processor}"]
        )
        for name, source in SOURCES.items()
        for suffix, processor in processors.items()
    ],
    cmdclass={"build_ext": BuildLibrary, "bdist_wheel": PlatformWheel},
)
