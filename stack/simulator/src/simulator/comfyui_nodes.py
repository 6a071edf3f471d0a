"""The nodes that the simulated ComfyUI brings along (nodes.py, comfy_extras of the real one).

Model files count as installed whatever their names, but for those with `no-such-model-0` in them.
"""

from typing import Final

from simulator.comfyui_node import Input, Node, links, model_file, number, one_of, whole

MAX_SEED: Final = 2**64 - 1
_SAMPLERS = (
    "euler", "euler_ancestral", "heun", "dpm_2", "lms", "dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_2m",
    "dpmpp_2m_sde", "dpmpp_3m_sde", "ddim", "uni_pc", "uni_pc_bh2", "lcm", "res_multistep", "sa_solver",
    "er_sde", "deis", "ipndm",
)  # fmt: skip
_SCHEDULERS = (
    "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic",
    "kl_optimal",
)  # fmt: skip
_TEXT = Input("STRING", {"multiline": True, "dynamicPrompts": True})
_LINE = Input("STRING", {"default": ""})
_FLAG = Input("BOOLEAN", {"default": False})
_FILE = Input("COMBO", {"image_upload": True}, ("example.png",), "input")
_SIDES = {"width": whole(512, 16, 16384), "height": whole(512, 16, 16384)}
_BATCH = {"batch_size": whole(1, 1, 4096)}
_FRAMES = {"length": whole(81, 1, 16384)}
_PREFIX = {"filename_prefix": Input("STRING", {"default": "ComfyUI"})}
_SEED = whole(0, 0, MAX_SEED)
_PAIR = {"positive": Input("CONDITIONING"), "negative": Input("CONDITIONING")}
_CONDITIONED = ("CONDITIONING", "CONDITIONING", "LATENT")
_SAMPLING = {"steps": whole(20, 1, 10000), "cfg": number(8.0, 0.0, 100.0)}
_SAMPLER = {"sampler_name": one_of(*_SAMPLERS), "scheduler": one_of(*_SCHEDULERS)}
_CLIP_TYPES = (
    "stable_diffusion", "sd3", "flux", "wan", "ltxv", "hunyuan_video", "hunyuan_image", "qwen_image", "ace",
    "stable_audio", "mochi", "cosmos", "lumina2", "hidream", "chroma", "flux2",
)  # fmt: skip
_VIDEO_FORMATS = {"format": one_of("auto", "mp4"), "codec": one_of("auto", "h264")}

_LOADERS = {
    "CheckpointLoaderSimple": Node(
        "loaders", {"ckpt_name": model_file("sd_xl_base_1.0.safetensors")}, ("MODEL", "CLIP", "VAE")
    ),
    "ImageOnlyCheckpointLoader": Node(
        "loaders/video_models", {"ckpt_name": model_file("hunyuan3d-dit-v2.safetensors")},
        ("MODEL", "CLIP_VISION", "VAE"),
    ),
    "UNETLoader": Node(
        "advanced/loaders",
        {
            "unet_name": model_file("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors"),
            "weight_dtype": one_of("default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"),
        },
        ("MODEL",),
    ),
    "CLIPLoader": Node(
        "advanced/loaders",
        {"clip_name": model_file("umt5_xxl_fp8_e4m3fn_scaled.safetensors"), "type": one_of(*_CLIP_TYPES)},
        ("CLIP",), {"device": one_of("default", "cpu")},
    ),
    "DualCLIPLoader": Node(
        "advanced/loaders",
        {
            "clip_name1": model_file("clip_l.safetensors"),
            "clip_name2": model_file("t5xxl_fp16.safetensors"),
            "type": one_of(
                "sdxl", "sd3", "flux", "hunyuan_video", "hunyuan_video_15", "hidream", "hunyuan_image"
            ),
        },
        ("CLIP",), {"device": one_of("default", "cpu")},
    ),
    "VAELoader": Node("loaders", {"vae_name": model_file("wan_2.1_vae.safetensors")}, ("VAE",)),
    "CLIPVisionLoader": Node(
        "loaders", {"clip_name": model_file("clip_vision_h.safetensors")}, ("CLIP_VISION",)
    ),
    "UpscaleModelLoader": Node(
        "loaders", {"model_name": model_file("4x-UltraSharp.pth")}, ("UPSCALE_MODEL",)
    ),
    "LatentUpscaleModelLoader": Node(
        "loaders", {"model_name": model_file("ltx-2.3-spatial-upscaler-x2-1.0.safetensors")},
        ("LATENT_UPSCALE_MODEL",),
    ),
    "LTXAVTextEncoderLoader": Node(
        "advanced/loaders",
        {"text_encoder": model_file("gemma_3_12B_it_fp4_mixed.safetensors"),
         "ckpt_name": model_file("ltx-2-19b-distilled.safetensors"), "device": one_of("default", "cpu")},
        ("CLIP",),
    ),
    "AudioEncoderLoader": Node(
        "loaders", {"audio_encoder_name": model_file("wav2vec2_large_english_fp16.safetensors")},
        ("AUDIO_ENCODER",),
    ),
    "LoraLoaderModelOnly": Node(
        "loaders",
        {**links("MODEL"), "lora_name": model_file("lightx2v_4steps.safetensors"),
         "strength_model": number(1.0, -100.0, 100.0)},
        ("MODEL",),
    ),
    "LoadImage": Node("image", {"image": _FILE}, ("IMAGE", "MASK")),
    "LoadVideo": Node("image/video", {"file": _FILE}, ("VIDEO",)),
    "LoadAudio": Node("audio", {"audio": _FILE}, ("AUDIO",)),
}  # fmt: skip
_CONDITIONING = {
    "CLIPTextEncode": Node("conditioning", {"text": _TEXT, "clip": Input("CLIP")}, ("CONDITIONING",)),
    "ConditioningZeroOut": Node("advanced/conditioning", links("CONDITIONING"), ("CONDITIONING",)),
    "FluxGuidance": Node(
        "advanced/conditioning/flux", {**links("CONDITIONING"), "guidance": number(3.5, 0.0, 100.0)},
        ("CONDITIONING",),
    ),
    "TextEncodeAceStepAudio": Node(
        "conditioning",
        {"clip": Input("CLIP"), "tags": _TEXT, "lyrics": _TEXT, "lyrics_strength": number(1.0, 0.0, 10.0)},
        ("CONDITIONING",),
    ),
    "CLIPVisionEncode": Node(
        "conditioning", {**links("CLIP_VISION", "IMAGE"), "crop": one_of("center", "none")},
        ("CLIP_VISION_OUTPUT",),
    ),
    "Hunyuan3Dv2Conditioning": Node(
        "conditioning/video_models", links("CLIP_VISION_OUTPUT"), ("CONDITIONING", "CONDITIONING")
    ),
    "AudioEncoderEncode": Node("conditioning", links("AUDIO_ENCODER", "AUDIO"), ("AUDIO_ENCODER_OUTPUT",)),
    "WanImageToVideo": Node(
        "conditioning/video_models", {**_PAIR, **links("VAE"), **_SIDES, **_FRAMES, **_BATCH}, _CONDITIONED,
        {"clip_vision_output": Input("CLIP_VISION_OUTPUT"), "start_image": Input("IMAGE")},
    ),
    "WanFirstLastFrameToVideo": Node(
        "conditioning/video_models", {**_PAIR, **links("VAE"), **_SIDES, **_FRAMES, **_BATCH}, _CONDITIONED,
        {"start_image": Input("IMAGE"), "end_image": Input("IMAGE")},
    ),
    "WanSoundImageToVideo": Node(
        "conditioning/video_models", {**_PAIR, **links("VAE"), **_SIDES, **_FRAMES, **_BATCH}, _CONDITIONED,
        {"audio_encoder_output": Input("AUDIO_ENCODER_OUTPUT"), "ref_image": Input("IMAGE")},
    ),
    "WanVaceToVideo": Node(
        "conditioning/video_models",
        {**_PAIR, **links("VAE"), **_SIDES, **_FRAMES, **_BATCH, "strength": number(1.0, 0.0, 1000.0)},
        (*_CONDITIONED, "INT"),
        {"control_video": Input("IMAGE"), "control_masks": Input("MASK"), "reference_image": Input("IMAGE")},
    ),
    "WanAnimateToVideo": Node(
        "conditioning/video_models",
        {**_PAIR, **links("VAE"), **_SIDES, **_FRAMES, **_BATCH,
         "continue_motion_max_frames": whole(5, 1, 16384), "video_frame_offset": whole(0, 0, 16384)},
        (*_CONDITIONED, "INT", "INT", "INT"),
        {"clip_vision_output": Input("CLIP_VISION_OUTPUT"), "reference_image": Input("IMAGE"),
         "face_video": Input("IMAGE"), "pose_video": Input("IMAGE")},
    ),
    "HunyuanVideo15ImageToVideo": Node(
        "conditioning/video_models", {**_PAIR, **links("VAE"), **_SIDES, **_FRAMES, **_BATCH}, _CONDITIONED,
        {"clip_vision_output": Input("CLIP_VISION_OUTPUT"), "start_image": Input("IMAGE")},
    ),
    "SVD_img2vid_Conditioning": Node(
        "conditioning/video_models",
        {"clip_vision": Input("CLIP_VISION"), "init_image": Input("IMAGE"), **links("VAE"), **_SIDES,
         "video_frames": whole(14, 1, 4096), "motion_bucket_id": whole(127, 1, 1023),
         "fps": whole(6, 1, 1024), "augmentation_level": number(0.0, 0.0, 10.0)},
        _CONDITIONED,
    ),
    "Wan22ImageToVideoLatent": Node(
        "conditioning/inpaint", {**links("VAE"), **_SIDES, **_FRAMES, **_BATCH}, ("LATENT",),
        {"start_image": Input("IMAGE")},
    ),
    "LTXVConditioning": Node(
        "conditioning/video_models", {**_PAIR, "frame_rate": number(25.0, 0.0, 1000.0)},
        ("CONDITIONING", "CONDITIONING"),
    ),
    "LTXVAddGuide": Node(
        "conditioning/video_models",
        {**_PAIR, **links("VAE", "LATENT", "IMAGE"), "frame_idx": whole(0, -9999, 9999),
         "strength": number(1.0, 0.0, 1.0)},
        _CONDITIONED,
    ),
    "LTXVCropGuides": Node("conditioning/video_models", {**_PAIR, **links("LATENT")}, _CONDITIONED),
    "LTXVImgToVideo": Node(
        "conditioning/video_models",
        {**_PAIR, **links("VAE", "IMAGE"), **_SIDES, **_FRAMES, **_BATCH, "strength": number(1.0, 0.0, 1.0)},
        _CONDITIONED,
    ),
}  # fmt: skip
_LATENTS = {
    **dict.fromkeys(
        ("EmptyLatentImage", "EmptySD3LatentImage"), Node("latent", {**_SIDES, **_BATCH}, ("LATENT",))
    ),
    **dict.fromkeys(
        ("EmptyHunyuanLatentVideo", "EmptyHunyuanVideo15Latent", "EmptyLTXVLatentVideo"),
        Node("latent/video", {**_SIDES, **_FRAMES, **_BATCH}, ("LATENT",)),
    ),
    **dict.fromkeys(
        ("EmptyLatentAudio", "EmptyAceStepLatentAudio"),
        Node("latent/audio", {"seconds": number(47.6, 1.0, 1000.0), **_BATCH}, ("LATENT",)),
    ),
    "EmptyLatentHunyuan3Dv2": Node("latent/3d", {"resolution": whole(3072, 1, 8192), **_BATCH}, ("LATENT",)),
    "KSampler": Node(
        "sampling",
        {**links("MODEL"), "seed": _SEED, **_SAMPLING, **_SAMPLER, **_PAIR,
         "latent_image": Input("LATENT"), "denoise": number(1.0, 0.0, 1.0)},
        ("LATENT",),
    ),
    "KSamplerAdvanced": Node(
        "sampling",
        {**links("MODEL"), "add_noise": one_of("enable", "disable"), "noise_seed": _SEED, **_SAMPLING,
         **_SAMPLER, **_PAIR, "latent_image": Input("LATENT"), "start_at_step": whole(0, 0, 10000),
         "end_at_step": whole(10000, 0, 10000), "return_with_leftover_noise": one_of("disable", "enable")},
        ("LATENT",),
    ),
    **dict.fromkeys(
        ("ModelSamplingSD3", "ModelSamplingAuraFlow"),
        Node("advanced/model", {**links("MODEL"), "shift": number(3.0, 0.0, 100.0)}, ("MODEL",)),
    ),
    "ModelSamplingLTXV": Node(
        "advanced/model",
        {**links("MODEL"), "max_shift": number(2.05, 0.0, 100.0), "base_shift": number(0.95, 0.0, 100.0)},
        ("MODEL",), links("LATENT"),
    ),
    "VideoLinearCFGGuidance": Node(
        "sampling/video_models", {**links("MODEL"), "min_cfg": number(1.0, 0.0, 100.0)}, ("MODEL",)
    ),
    "TrimVideoLatent": Node(
        "latent/video", {"samples": Input("LATENT"), "trim_amount": whole(0, 0, 99999)}, ("LATENT",)
    ),
    "LTXVLatentUpsampler": Node(
        "latent/video",
        {"samples": Input("LATENT"), "upscale_model": Input("LATENT_UPSCALE_MODEL"), **links("VAE")},
        ("LATENT",),
    ),
    "VAEDecodeTiled": Node(
        "_for_testing",
        {"samples": Input("LATENT"), **links("VAE"), "tile_size": whole(512, 64, 4096),
         "overlap": whole(64, 0, 4096), "temporal_size": whole(64, 8, 4096),
         "temporal_overlap": whole(8, 4, 4096)},
        ("IMAGE",),
    ),
    "VAEDecode": Node("latent", {"samples": Input("LATENT"), **links("VAE")}, ("IMAGE",)),
    "VAEEncode": Node("latent", {"pixels": Input("IMAGE"), **links("VAE")}, ("LATENT",)),
    "VAEDecodeAudio": Node("latent/audio", {"samples": Input("LATENT"), **links("VAE")}, ("AUDIO",)),
    "VAEDecodeHunyuan3D": Node(
        "latent/3d",
        {"samples": Input("LATENT"), **links("VAE"), "num_chunks": whole(8000, 1000, 500000),
         "octree_resolution": whole(256, 16, 512)},
        ("VOXEL",),
    ),
    "VoxelToMesh": Node(
        "3d", {**links("VOXEL"), "algorithm": one_of("surface net", "basic"),
               "threshold": number(0.6, -1.0, 1.0)},
        ("MESH",),
    ),
}  # fmt: skip
_IMAGES = {
    "ImageScale": Node(
        "image/upscaling",
        {**links("IMAGE"),
         "upscale_method": one_of("nearest-exact", "bilinear", "area", "bicubic", "lanczos"),
         "width": whole(512, 0, 16384), "height": whole(512, 0, 16384),
         "crop": one_of("disabled", "center")},
        ("IMAGE",),
    ),
    "ImageUpscaleWithModel": Node("image/upscaling", links("UPSCALE_MODEL", "IMAGE"), ("IMAGE",)),
    "ImageFromBatch": Node(
        "image/batch", {**links("IMAGE"), "batch_index": whole(0, 0, 4095), "length": whole(1, 1, 4096)},
        ("IMAGE",),
    ),
    "Video Slice": Node(
        "image/video",
        {**links("VIDEO"), "start_time": number(0.0, -1e5, 1e5), "duration": number(0.0, 0.0, 1e5),
         "strict_duration": _FLAG},
        ("VIDEO",),
    ),
    "GetVideoComponents": Node("image/video", links("VIDEO"), ("IMAGE", "AUDIO", "FLOAT")),
    "CreateVideo": Node(
        "image/video", {"images": Input("IMAGE"), "fps": number(30.0, 1.0, 120.0)}, ("VIDEO",),
        links("AUDIO"),
    ),
}  # fmt: skip
_OUTPUTS = {
    "SaveImage": Node("image", {"images": Input("IMAGE"), **_PREFIX}, makes="images"),
    "PreviewImage": Node("image", {"images": Input("IMAGE")}, makes="images"),
    "SaveVideo": Node("image/video", {**links("VIDEO"), **_PREFIX, **_VIDEO_FORMATS}, makes="images"),
    "VHS_VideoCombine": Node(
        "Video Helper Suite",
        {"images": Input("IMAGE"), "frame_rate": number(8.0, 1.0, 120.0), "loop_count": whole(0, 0, 100),
         **_PREFIX, "format": one_of("image/gif", "video/h264-mp4"), "pingpong": _FLAG,
         "save_output": _FLAG},
        ("VHS_FILENAMES",), links("AUDIO"), makes="gifs",
    ),
    "SaveAudio": Node("audio", {**links("AUDIO"), **_PREFIX}, makes="audio"),
    "SaveAudioMP3": Node(
        "audio", {**links("AUDIO"), **_PREFIX, "quality": one_of("V0", "128k", "320k")}, makes="audio"
    ),
    "SaveAudioOpus": Node(
        "audio", {**links("AUDIO"), **_PREFIX, "quality": one_of("64k", "96k", "128k", "192k", "320k")},
        makes="audio",
    ),
    "SaveGLB": Node("3d", {**links("MESH"), **_PREFIX}, makes="3d"),
}  # fmt: skip
_PRIMITIVES = {
    "PrimitiveString": Node("utils/primitive", {"value": _LINE}, ("STRING",)),
    "PrimitiveStringMultiline": Node("utils/primitive", {"value": _TEXT}, ("STRING",)),
    "PrimitiveInt": Node("utils/primitive", {"value": whole(0, -(2**63), 2**63 - 1)}, ("INT",)),
    "PrimitiveFloat": Node("utils/primitive", {"value": number(0.0, -1e18, 1e18)}, ("FLOAT",)),
}

CORE: Final[dict[str, Node]] = {
    **_LOADERS, **_CONDITIONING, **_LATENTS, **_IMAGES, **_OUTPUTS, **_PRIMITIVES
}  # fmt: skip
