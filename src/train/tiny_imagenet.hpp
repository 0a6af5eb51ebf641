// Tiny-ImageNet-200 (Le & Yang 2015): 64×64 JPEG images in folders, decoded once into a file that is mapped from then
// on.
#pragma once

#include "graph/weights.hpp"
#include "train/dataset.hpp"

#include <filesystem>

namespace phew {

/// What to call the set, and where its folder and its decoded images are.
struct TinyImageNetPlaces {
  std::filesystem::path data_dir;   ///< the folder `tiny-imagenet-200` or the one it is in
  std::filesystem::path cache_dir;  ///< for the decoded images; empty: beside wnids.txt
};

/// Training images from train/CLASS/images, test images from val/images as val/val_annotations.txt labels them (the
/// published test images have no labels). Classes are numbered in the order of their names, as torchvision's
/// ImageFolder does; they are those of wnids.txt, or where there is none the folders of train.
///
/// The first call decodes every image, on `threads` threads, into tiny-imagenet-200.cache.safetensors (1.4 GB) and says
/// so; later ones map it. It names the images' sizes and times; if these differ, or it is damaged, it is made anew.
/// Throws Error(no_input) saying where to get the set if it is not found, Error(data) for an image that is damaged or
/// not 64×64, or for annotations that do not fit, Error(cant_create) if the decoded images cannot be written.
[[nodiscard]] Dataset read_tiny_imagenet(const TinyImageNetPlaces& places, int threads, const Notice& notice);

}  // namespace phew
