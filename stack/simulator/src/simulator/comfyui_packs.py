"""Nodes of other people's packs that workflows of the catalog use: their names, and what they give.

Only links into and out of them are looked at: their inputs' limits are their authors' business.
"""

from typing import Final

from simulator.comfyui_node import ANY, Node

_GIVES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "Animate Diff": {
        "ADE_LoadAnimateDiffModel": ("MOTION_MODEL_ADE",),
        "ADE_ApplyAnimateDiffModelSimple": ("M_MODELS",),
        "ADE_StandardStaticContextOptions": ("CONTEXT_OPTIONS",),
        "ADE_UseEvolvedSampling": ("MODEL",),
    },
    "ControlNet Preprocessors": {
        "AIO_Preprocessor": ("IMAGE",),
        "DWPreprocessor": ("IMAGE", "POSE_KEYPOINT"),
    },
    "CogVideoWrapper": {
        "DownloadAndLoadCogVideoModel": ("COGVIDEOMODEL", "VAE"),
        "CogVideoTextEncode": ("CONDITIONING", "CLIP"),
        "CogVideoSampler": ("LATENT",),
        "CogVideoDecode": ("IMAGE",),
    },
    "DreamID-V": {
        "DreamIDV_ModelLoader_Wrapper_TTP": (ANY,),
        "DreamIDV_PoseExtractor_TTP": (ANY, ANY),
        "DreamIDV_Sampler_Wrapper_TTP": (ANY,),
    },
    "EchoMimic": {
        "Echo_LoadModel": (ANY, ANY),
        "Echo_Predata": (ANY,),
        "Echo_Sampler": ("IMAGE", "AUDIO", "FLOAT"),
    },
    "LivePortrait": {
        "DownloadAndLoadLivePortraitModels": ("LIVEPORTRAITPIPE",),
        "LivePortraitLoadCropper": ("LPCROPPER",),
        "LivePortraitCropper": ("IMAGE", "CROPINFO"),
        "LivePortraitProcess": ("IMAGE", "LP_OUT"),
        "LivePortraitComposite": ("IMAGE", "MASK"),
    },
}

PACKS: Final[dict[str, Node]] = {
    name: Node(pack, {}, gives) for pack, nodes in _GIVES.items() for name, gives in nodes.items()
}
