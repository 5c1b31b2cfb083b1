// The work was the compiler's: this program has one source for each public header (meson.build).
int main() {}
