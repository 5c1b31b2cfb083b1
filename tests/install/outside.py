#!/usr/bin/env python3
"""A program outside of the project is built with what `meson install` has put in place, and runs.

usage: outside.py WAY BUILD_FOLDER SOURCE_FOLDER PREFIX LIBDIR COMPILER...

WAY is one of: files (what is installed, and where), shared, static (both by pkg-config), cmake, and
meson (the project as a subproject of the program's; nothing is installed for that one).
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MAIN = os.path.join(HERE, "program", "main.cpp")


class Skipped(Exception):
    pass


def run(command, **more):
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}failed: {done.returncode}")
    return done.stdout


def needs(program):
    if not shutil.which(program):
        raise Skipped(f"{program} is not installed")


class Stage:
    """What is installed, below a folder of its own."""

    def __init__(self, build, prefix, libdir, folder):
        run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder])
        self.prefix = folder + prefix
        self.libdir = os.path.join(self.prefix, libdir)

    def environment(self):
        return {
            **os.environ,
            "PKG_CONFIG_PATH": self.libdir + "/pkgconfig",
            "LD_LIBRARY_PATH": self.libdir,
        }

    def pkg_config(self, *options):
        command = ["pkg-config", f"--define-variable=prefix={self.prefix}", *options, "holdfast"]
        return run(command, env=self.environment()).split()


def files(stage, source, folder, compiler):
    headers = {os.path.basename(h) for h in glob.glob(source + "/include/holdfast/*")}
    installed = set(os.listdir(stage.prefix + "/include/holdfast"))
    assert installed == headers, f"headers: {sorted(installed ^ headers)}"
    version = run([stage.prefix + "/bin/holdfast", "--version"]).split()[-1]
    minor = ".".join(version.split(".")[:2])
    for path in (
        f"{stage.libdir}/libholdfast.so.{version}",
        f"{stage.libdir}/libholdfast.so.{minor}",
        f"{stage.libdir}/libholdfast.so",
        f"{stage.libdir}/libholdfast.a",
        f"{stage.libdir}/pkgconfig/holdfast.pc",
        f"{stage.libdir}/cmake/holdfast/holdfastConfig.cmake",
        f"{stage.libdir}/cmake/holdfast/holdfastConfigVersion.cmake",
        f"{stage.prefix}/share/man/man1/holdfast.1",
        f"{stage.prefix}/share/bash-completion/completions/holdfast.bash",
    ):
        assert os.path.exists(path), f"{path} is missing"
    heading = run(["readelf", "-d", f"{stage.libdir}/libholdfast.so"])
    assert f"soname: [libholdfast.so.{minor}]" in heading, heading


def shared(stage, source, folder, compiler):
    needs("pkg-config")
    program = folder + "/outside"
    flags = stage.pkg_config("--cflags", "--libs")
    assert not any("sodium" in flag for flag in flags), f"libsodium is private: {flags}"
    run([*compiler, "-std=c++20", "-o", program, MAIN, *flags], env=stage.environment())
    assert "libholdfast.so" in run(["readelf", "-d", program])
    run([program], env=stage.environment())


def static(stage, source, folder, compiler):
    needs("pkg-config")
    program = folder + "/outside"
    flags = stage.pkg_config("--cflags", "--libs", "--static")
    archive = ["-l:libholdfast.a" if flag == "-lholdfast" else flag for flag in flags]
    run([*compiler, "-std=c++20", "-o", program, MAIN, *archive], env=stage.environment())
    assert "libholdfast.so" not in run(["readelf", "-d", program])
    run([program])


def cmake(stage, source, folder, compiler):
    needs("cmake")
    options = [f"-DCMAKE_PREFIX_PATH={stage.prefix}", f"-DCMAKE_CXX_COMPILER={compiler[-1]}"]
    run(["cmake", "-G", "Ninja", "-S", HERE + "/program", "-B", folder, *options])
    run(["cmake", "--build", folder])
    run([folder + "/outside"])
    run([folder + "/outside_static"])


def meson(source, folder, compiler):
    """Only configured: what would be built is read off the introspection."""
    shutil.copytree(HERE + "/program", folder + "/outside")
    os.mkdir(folder + "/outside/subprojects")
    os.symlink(source, folder + "/outside/subprojects/holdfast")
    with open(folder + "/outside/subprojects/holdfast.wrap", "w", encoding="utf-8") as f:
        f.write("[wrap-file]\ndirectory = holdfast\n\n[provide]\nholdfast = holdfast_dep\n")
    build = folder + "/build"
    environment = {**os.environ, "CXX": " ".join(compiler), "PKG_CONFIG_PATH": ""}
    run(["meson", "setup", build, folder + "/outside"], env=environment)
    targets = json.loads(run(["meson", "introspect", build, "--targets"]))
    programs = [t["name"] for t in targets if t["type"] == "executable"]
    assert programs == ["outside"], f"only the library is built in another project: {programs}"
    assert "holdfast" in [t["name"] for t in targets], "no library"
    tests = json.loads(run(["meson", "introspect", build, "--tests"]))
    assert not tests, f"tests in another project: {[t['name'] for t in tests]}"
    installed = json.loads(run(["meson", "introspect", build, "--installed"]))
    unwanted = [p for p in installed.values() if "libholdfast.so" not in p]
    assert not unwanted, f"installed by another project: {unwanted}"


def main():
    way, build, source, prefix, libdir, *compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        try:
            if way == "meson":
                meson(source, folder, compiler)
            else:
                stage = Stage(build, prefix, libdir, folder + "/stage")
                os.mkdir(folder + "/outside")
                globals()[way](stage, source, folder + "/outside", compiler)
        except Skipped as why:
            print(why)
            return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
